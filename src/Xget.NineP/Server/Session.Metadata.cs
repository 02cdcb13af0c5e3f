using System.Buffers;
using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>What is told about files: stat, getattr, statfs, links, extended attributes.</summary>
internal sealed partial class Session
{
    private void Stat(ushort tag, uint number)
    {
        if (!Find(tag, number, out Fid? fid))
        {
            return;
        }

        ServedFile file = fid.File;
        Errno error = Describe(file, out Attributes attributes, out ReadOnlyMemory<byte> target);
        if (error != 0)
        {
            ReplyError(tag, error);
            return;
        }

        const int AllButStrings = 160;
        int size = Math.Min(_msize, AllButStrings + file.Name.Length + target.Length);
        byte[] reply = ArrayPool<byte>.Shared.Rent(size);
        int length = Rstat.Write(
            reply.AsSpan(0, size), Dialect, tag, file.Qid, file.Name.Span, attributes, target.Span);
        ReplyIfFits(tag, reply, length);
    }

    /// <summary>A file's attributes and, where the dialect has them in its stat, a symlink's target.</summary>
    private Errno Describe(ServedFile file, out Attributes attributes, out ReadOnlyMemory<byte> target)
    {
        target = default;
        Errno error = file.GetAttributes(out attributes);
        bool isLink = (attributes.Mode & StatMode.TypeMask) == StatMode.Symlink;
        return error == 0 && isLink && Dialect == Dialect.NineP2000u ? file.ReadLink(out target) : error;
    }

    private void GetAttributes(ushort tag, Tgetattr request)
    {
        if (!Find(tag, request.Fid, out Fid? fid))
        {
            return;
        }

        Errno error = fid.File.GetAttributes(out Attributes attributes);
        if (error != 0)
        {
            ReplyError(tag, error);
            return;
        }

        Span<byte> frame = stackalloc byte[SmallReply];
        Reply(frame[..Rgetattr.Write(frame, tag, request.Mask & Tgetattr.Basic, fid.File.Qid, attributes)]);
    }

    private void StatFs(ushort tag, uint number)
    {
        if (!Find(tag, number, out Fid? fid))
        {
            return;
        }

        Errno error = fid.File.StatFs(out FileSystemStatistics statistics);
        if (error != 0)
        {
            ReplyError(tag, error);
            return;
        }

        Span<byte> frame = stackalloc byte[SmallReply];
        Reply(frame[..Rstatfs.Write(frame, tag, statistics)]);
    }

    private void ReadLink(ushort tag, uint number)
    {
        if (!Find(tag, number, out Fid? fid))
        {
            return;
        }

        Errno error = fid.File.ReadLink(out ReadOnlyMemory<byte> target);
        if (error != 0)
        {
            ReplyError(tag, error);
            return;
        }

        int size = Math.Min(_msize, NinePLimits.HeaderSize + 2 + target.Length);
        byte[] reply = ArrayPool<byte>.Shared.Rent(size);
        ReplyIfFits(tag, reply, Rreadlink.Write(reply.AsSpan(0, size), tag, target.Span));
    }

    private void XattrWalk(ushort tag, Txattrwalk request)
    {
        if (!Find(tag, request.Fid, out Fid? fid))
        {
            return;
        }

        if (!IsFree(request.NewFid, out Errno error))
        {
            ReplyError(tag, error);
            return;
        }

        error = request.Name.IsEmpty
            ? fid.File.ListXattrs(out ReadOnlyMemory<byte> value)
            : fid.File.GetXattr(request.Name, out value);
        if (error != 0)
        {
            ReplyError(tag, error);
            return;
        }

        if (Address.Held.TryTake(ServerLimits.FidBytes) is not null)
        {
            ReplyError(tag, Errno.EMFILE);
            return;
        }

        Fid reading = new(this, fid.File) { Xattr = value };
        if (!reading.Holds(value.Length))
        {
            reading.Release();
            ReplyError(tag, Errno.EMFILE);
            return;
        }

        _fids.Add(request.NewFid, reading);
        Span<byte> frame = stackalloc byte[SmallReply];
        Reply(frame[..Rxattrwalk.Write(frame, tag, (ulong)value.Length)]);
    }

    private void ReplyIfFits(ushort tag, byte[] pooled, int length)
    {
        if (length > 0)
        {
            Reply(pooled, length);
            return;
        }

        ArrayPool<byte>.Shared.Return(pooled);
        ReplyError(tag, Errno.EMSGSIZE);
    }
}
