using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>What goes into a new file under a temporary name: bytes in memory, or a range of a content.</summary>
internal readonly ref struct NewFile(MetadataWriter metadata, EntryAttributes attributes, FileStatus? replaced)
{
    private const int ReadAtOnce = 256 << 20;

    private readonly FileStatus? _replaced = replaced;

    public ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>Null if <see cref="Bytes"/> or <see cref="Source"/> are meant.</summary>
    public StoredContent? Content { get; init; }

    /// <summary>A file whose first <see cref="Length"/> bytes are copied; null if the other two are meant.</summary>
    public SafeFileHandle? Source { get; init; }

    public ulong Offset { get; init; }

    public ulong Length { get; init; }

    /// <summary>
    /// Writes the file with its metadata; leaves nothing behind when that fails. EEXIST if the name is taken.
    /// </summary>
    public Errno Make(SafeFileHandle directory, ReadOnlySpan<byte> name)
    {
        const int Flags = NativeStore.ReadWrite | NativeStore.Create | NativeStore.Exclusive;
        Errno error = NativeStore.Open(directory, name, Flags, 0x180, out SafeFileHandle? file); // 0600
        if (error != 0)
            return error;
        using (file)
        {
            error = Content is not null ? WriteRange(file!, Content)
                : Source is not null ? WriteFile(file!, Source) : WriteBytes(file!);
            if (error == 0)
                error = metadata.ApplyToNew(file!, attributes, _replaced);
            if (error == 0)
                error = NativeStore.Close(file!);
        }
        if (error != 0)
            NativeStore.Unlink(directory, name);
        return error;
    }

    private Errno WriteBytes(SafeFileHandle file)
    {
        Errno error = SparseFile.Write(file, Bytes, 0);
        // Zeros at the end were not written, so the file may be too short.
        return error == 0 && Bytes is [.., 0] ? NativeStore.Truncate(file, (ulong)Bytes.Length) : error;
    }

    private Errno WriteFile(SafeFileHandle file, SafeFileHandle source)
    {
        Errno error = NativeStore.Truncate(file, Length);
        return error != 0 ? error : SparseFile.Copy(source, 0, file, 0, (long)Length);
    }

    private Errno WriteRange(SafeFileHandle file, StoredContent content)
    {
        Errno error = NativeStore.Truncate(file, Length);
        for (ulong done = 0; error == 0 && done < Length;)
        {
            using ContentRange range = content.Read(Offset + done, (int)Math.Min(Length - done, ReadAtOnce));
            if (range.IsError)
                return range.Error;
            if (range.Count == 0)
                return Errno.EIO;
            error = range.File is null
                ? SparseFile.Write(file, range.Bytes.Span, (long)done)
                : SparseFile.Copy(range.File, range.FileOffset, file, (long)done, range.Count);
            if (error is 0 or Errno.EIO && range.Check() is var changed and not 0)
                error = changed; // what was copied may be other bytes, or too few
            done += (ulong)range.Count;
        }
        return error;
    }
}
