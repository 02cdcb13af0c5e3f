using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <content>Placing regular files.</content>
public sealed partial class Destination
{
    /// <summary>Files up to this size are compared with what is there and written in one go.</summary>
    private const int SmallFile = 128 << 10;

    /// <summary>
    /// Turns a complete content of <see cref="Partial"/> into the file at <paramref name="path"/>: metadata, then a
    /// rename. The content can be read on; nothing can be written to it any more.
    /// </summary>
    /// <returns>
    /// 0; ENODATA if chunks are missing; EINVAL if the content is another destination's, EALREADY if it was placed or
    /// removed before (use <see cref="PlaceRange"/> for a second file); EISDIR if a directory with entries is there.
    /// </returns>
    public Errno PlaceFile(FileContent content, DestinationPath path, EntryAttributes attributes)
    {
        if (content.Store != Partial)
            return Errno.EINVAL;
        if (!content.Map.IsComplete)
            return Errno.ENODATA;
        Errno error = OpenParent(path, out SafeFileHandle? parent);
        if (error != 0)
            return error;
        using (parent)
        {
            lock (content.Placing)
            {
                if (content.IsGone)
                    return Errno.EALREADY;
                error = content.Seal();
                if (error == 0)
                    error = _metadata.ApplyToNew(content.Reader, attributes, Replaced(parent!, path.Name));
                if (error == 0)
                    error = RenameFromPartial(content, parent!, path);
                if (error == 0)
                {
                    content.IsGone = true;
                    NativeStore.Unlock(content.Reader);
                    return 0;
                }
            }
            // Another file system is mounted there, or the name in .xget-partial is lost: a copy has to do.
            if (error is Errno.EXDEV or Errno.ESTALE)
                error = PlaceCopy(content, 0, content.Table.Size, path, parent!, attributes);
            return error != 0 ? error : Partial.Remove(content);
        }
    }

    /// <summary>
    /// Makes a file of a range of a content: a packed file, or a second file with the same bytes. A small file that has
    /// the bytes already only gets its metadata.
    /// </summary>
    /// <returns>0; EINVAL if the range is not within the content; ENODATA if chunks of it are missing; EISDIR as above.</returns>
    public Errno PlaceRange(StoredContent content, DataReference range, DestinationPath path, EntryAttributes attributes)
    {
        if (!range.IsWithin(content.Table.Size))
            return Errno.EINVAL;
        if (!content.Has(range.Offset, range.Length))
            return Errno.ENODATA;
        if (range.Length <= SmallFile)
        {
            using PooledBuffer buffer = new((int)range.Length);
            Errno failed = content.ReadInto(range.Offset, buffer.Span);
            return failed != 0 ? failed : PlaceBytes(buffer.Span, path, attributes);
        }
        Errno error = OpenParent(path, out SafeFileHandle? parent);
        if (error != 0)
            return error;
        using (parent)
            return PlaceCopy(content, range.Offset, range.Length, path, parent!, attributes);
    }

    /// <summary>
    /// Makes a file of bytes in memory, an empty one too; one that has them already only gets its metadata.
    /// </summary>
    public Errno PlaceBytes(ReadOnlySpan<byte> bytes, DestinationPath path, EntryAttributes attributes)
    {
        Errno error = OpenParent(path, out SafeFileHandle? parent);
        if (error != 0)
            return error;
        using (parent)
        {
            if (OpenFile(parent!, path.Name, out SafeFileHandle? present, out FileStatus status) == 0)
            {
                using (present)
                {
                    if (status.LinkCount <= attributes.LinkCount && HasBytes(present!, status, bytes)
                        && Keep(parent!, path, status) == 0)
                        return _metadata.Apply(present!, attributes);
                }
            }
            NewFile file = new(_metadata, attributes, Replaced(parent!, path.Name)) { Bytes = bytes };
            return Place(path, parent!, file, static (directory, name, file) => file.Make(directory, name));
        }
    }

    private Errno PlaceCopy(StoredContent content, ulong offset, ulong length,
        DestinationPath path, SafeFileHandle parent, EntryAttributes attributes)
    {
        NewFile file = new(_metadata, attributes, Replaced(parent, path.Name))
        {
            Content = content,
            Offset = offset,
            Length = length,
        };
        return Place(path, parent, file, static (directory, name, file) => file.Make(directory, name));
    }

    /// <summary>
    /// ESTALE if the content's own name is not its own any more, because somebody cleaned up by hand.
    /// </summary>
    private Errno RenameFromPartial(FileContent content, SafeFileHandle parent, DestinationPath path)
    {
        byte[] digest = PartialStore.NameOf(content.Table);
        Errno error = _partialDirectory.Open(out SafeFileHandle? stage);
        if (error != 0)
            return error;
        if (NativeStore.Status(stage!, digest, out FileStatus named) != 0
            || NativeStore.Status(content.Reader, out FileStatus own) != 0 || !named.IsSameFile(own))
            return Errno.ESTALE;
        return Rename(stage!, digest, parent, path, own);
    }

    /// <summary>The file that will be replaced, if its mode is to be left alone.</summary>
    private FileStatus? Replaced(SafeFileHandle parent, FileName name)
        => !_metadata.KeepsMode && NativeStore.Status(parent, name.Terminated, out FileStatus status) == 0 && status.IsRegular
            ? status
            : null;

    private static bool HasBytes(SafeFileHandle file, in FileStatus status, ReadOnlySpan<byte> bytes)
    {
        if (status.Size != (ulong)bytes.Length)
            return false;
        using PooledBuffer buffer = new(bytes.Length);
        return NativeStore.Read(file, buffer.Span, 0, out int count) == 0 && buffer.Span[..count].SequenceEqual(bytes);
    }
}
