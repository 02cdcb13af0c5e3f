using System.Buffers;
using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>Directories: entries for Treaddir, stat records for a plain Tread. Only whole ones, in one snapshot.</summary>
internal sealed partial class Session
{
    /// <summary>Most bytes of entries in a reply, however many are asked for: what many peers at once may leave untaken.</summary>
    private const int MostEntries = 64 * 1024;

    /// <summary>Bytes that an entry of a copied directory is counted with.</summary>
    private const int CopiedEntry = 64;

    /// <summary>Entries of a directory that may be copied anew whenever it is read from its start,</summary>
    private const int CheapCopy = 256;

    /// <summary>else only if the copy is older than this.</summary>
    private static readonly TimeSpan CopyAge = TimeSpan.FromSeconds(1);

    private void ReadDirectory(ushort tag, ReadRequest request)
    {
        if (!Find(tag, request.Fid, out Fid? fid))
        {
            return;
        }

        if (!fid.IsOpen)
        {
            ReplyError(tag, Errno.EBADF);
            return;
        }

        if (!fid.File.Qid.IsDirectory)
        {
            ReplyError(tag, Errno.ENOTDIR);
            return;
        }

        if (!List(tag, fid, request.Offset == 0))
        {
            return;
        }

        int limit = (int)Math.Min(request.Count, (uint)Math.Min(MostEntries, _msize - NinePLimits.ReadHeaderSize));
        byte[] reply = ArrayPool<byte>.Shared.Rent(NinePLimits.ReadHeaderSize + limit);
        Span<byte> entries = reply.AsSpan(NinePLimits.ReadHeaderSize, limit);
        int length = 0;

        // An entry's offset is the number of the one after it; "." and ".." are the first two.
        ulong end = (ulong)fid.Children!.Count + 2;
        for (ulong index = request.Offset; index < end; index++)
        {
            if (index >= 2 && fid.Children[(int)(index - 2)] is null)
            {
                continue;
            }

            int written = WriteEntry(entries[length..], fid, index);
            if (written == 0)
            {
                if (length == 0)
                {
                    // An empty reply would be taken for the end.
                    ArrayPool<byte>.Shared.Return(reply);
                    ReplyError(tag, Errno.EINVAL);
                    return;
                }

                break;
            }

            length += written;
        }

        DataReply.WriteHeader(reply, MessageType.Rreaddir, tag, length);
        Reply(reply, NinePLimits.ReadHeaderSize + length);
    }

    private static int WriteEntry(Span<byte> to, Fid fid, ulong index)
    {
        const byte DtDirectory = 4;
        return index switch
        {
            0 => DirectoryEntry.Write(to, fid.File.Qid, 1, DtDirectory, "."u8),
            1 => DirectoryEntry.Write(to, fid.File.Parent.Qid, 2, DtDirectory, ".."u8),
            _ => WriteEntry(to, fid.Children![(int)(index - 2)]!, index + 1),
        };
    }

    private static int WriteEntry(Span<byte> to, ServedFile child, ulong offset) =>
        DirectoryEntry.Write(to, child.Qid, offset, DirectoryTypeOf(child), child.Name.Span);

    /// <summary>readdir(3)'s d_type; a qid cannot tell a device from a file.</summary>
    private static byte DirectoryTypeOf(ServedFile file)
    {
        const int TypeShift = 12;
        uint type = file.Qid.IsDirectory ? StatMode.Directory
            : (file.Qid.Type & QidType.Symlink) != 0 ? StatMode.Symlink
            : file.GetAttributes(out Attributes attributes) == 0 ? attributes.Mode & StatMode.TypeMask
            : 0;
        return (byte)(type >> TypeShift);
    }

    private void ReadStats(ushort tag, Fid fid, ulong offset, int limit)
    {
        if (Dialect == Dialect.NineP2000L)
        {
            ReplyError(tag, Errno.EISDIR);
            return;
        }

        if (offset != 0 && offset != fid.DirectoryOffset)
        {
            ReplyError(tag, Errno.EINVAL);
            return;
        }

        if (!List(tag, fid, offset == 0))
        {
            return;
        }

        limit = Math.Min(limit, MostEntries);
        int index = offset == 0 ? 0 : fid.DirectoryIndex;
        byte[] reply = ArrayPool<byte>.Shared.Rent(NinePLimits.ReadHeaderSize + limit);
        Span<byte> records = reply.AsSpan(NinePLimits.ReadHeaderSize, limit);
        int length = 0;
        for (; index < fid.Children!.Count; index++)
        {
            if (fid.Children[index] is not { } child)
            {
                continue;
            }

            if (Describe(child, out Attributes attributes, out ReadOnlyMemory<byte> target) != 0)
            {
                // It has gone since the directory was listed.
                continue;
            }

            int written = StatRecord.Write(
                records[length..], Dialect, child.Qid, child.Name.Span, attributes, target.Span);
            if (written == 0)
            {
                break;
            }

            length += written;
        }

        // Linux asks for what its buffer has room for after the records before; nothing tells it to begin with a new one.
        if (length == 0 && index < fid.Children.Count && offset == 0)
        {
            ArrayPool<byte>.Shared.Return(reply);
            ReplyError(tag, Errno.EINVAL);
            return;
        }

        fid.DirectoryIndex = index;
        fid.DirectoryOffset = offset + (ulong)length;
        DataReply.WriteHeader(reply, MessageType.Rread, tag, length);
        Reply(reply, NinePLimits.ReadHeaderSize + length);
    }

    /// <summary>Takes the directory's snapshot, anew when it is read from its start.</summary>
    private bool List(ushort tag, Fid fid, bool anew)
    {
        long now = _server.Time.GetTimestamp();
        if (fid.Children is { } known && (!anew || (known is ServedFile?[] { Length: > CheapCopy }
            && _server.Time.GetElapsedTime(fid.Listed, now) < CopyAge)))
        {
            return true;
        }

        Errno error = fid.File.List(out IReadOnlyList<ServedFile?> children);
        if (error == 0 && !fid.HoldsCopy(children is ServedFile?[] { Length: > CheapCopy } copy ? copy.Length * CopiedEntry : 0))
        {
            error = Errno.EMFILE;
        }

        if (error != 0)
        {
            ReplyError(tag, error);
            return false;
        }

        fid.Children = children;
        fid.Listed = now;
        return true;
    }
}
