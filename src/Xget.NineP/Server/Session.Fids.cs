using System.Diagnostics.CodeAnalysis;
using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>Fids: walk, clunk, remove, and a new beginning.</summary>
internal sealed partial class Session
{
    private readonly Dictionary<uint, Fid> _fids = [];

    private bool Find(ushort tag, uint number, [NotNullWhen(true)] out Fid? fid)
    {
        if (_fids.TryGetValue(number, out fid))
        {
            return true;
        }

        ReplyError(tag, Errno.EBADF);
        return false;
    }

    /// <summary>Whether a new fid may have that number.</summary>
    private bool IsFree(uint number, out Errno error)
    {
        error = number == NinePLimits.NoFid ? Errno.EBADF
            : _fids.ContainsKey(number) ? Errno.EINVAL
            : _fids.Count >= _server.Limits.MaxFids ? Errno.EMFILE
            : 0;
        return error == 0;
    }

    private void Walk(ushort tag, Twalk request)
    {
        if (!Find(tag, request.Fid, out Fid? from))
        {
            return;
        }

        Errno error = 0;
        if (request.Count > NinePLimits.MaxWalkNames || from.Xattr is not null)
        {
            error = Errno.EINVAL;
        }
        else if (request.NewFid == request.Fid)
        {
            error = from.IsOpen ? Errno.EINVAL : 0;
        }
        else
        {
            IsFree(request.NewFid, out error);
        }

        ServedFile file = from.File;
        Span<Qid> qids = stackalloc Qid[NinePLimits.MaxWalkNames];
        int walked = 0;
        while (error == 0 && walked < request.Count)
        {
            error = WalkOne(file, request.NextName(), out ServedFile? child);
            if (error == 0)
            {
                file = child!;
                qids[walked++] = file.Qid;
            }
        }

        if (error == 0 && Address.Held.TryTake(ServerLimits.FidBytes) is not null)
        {
            (error, walked) = (Errno.EMFILE, 0);
        }

        if (error != 0 && walked == 0)
        {
            ReplyError(tag, error);
            return;
        }

        if (error == 0)
        {
            // A fid that walks itself becomes another one, so that a read in flight keeps what it has.
            _fids[request.NewFid] = new Fid(this, file);
            if (request.NewFid == request.Fid)
            {
                from.Release();
            }
        }

        Span<byte> frame = stackalloc byte[SmallReply];
        Reply(frame[..Rwalk.Write(frame, tag, qids[..walked])]);
    }

    private static Errno WalkOne(ServedFile file, ReadOnlySpan<byte> name, out ServedFile? child)
    {
        child = null;
        if (!file.Qid.IsDirectory)
        {
            return Errno.ENOTDIR;
        }

        if (name.SequenceEqual("."u8))
        {
            child = file;
            return 0;
        }

        if (name.SequenceEqual(".."u8))
        {
            child = file.Parent;
            return 0;
        }

        if (name.IsEmpty || name.IndexOfAny((byte)'/', (byte)0) >= 0)
        {
            return Errno.ENOENT;
        }

        Errno error = file.Walk(name, out child);
        return error == 0 && child is null ? Errno.ENOENT : error;
    }

    private void Clunk(ushort tag, uint number)
    {
        if (!Find(tag, number, out Fid? fid))
        {
            return;
        }

        // Out of the table first: a clunk frees its fid whatever happens.
        _fids.Remove(number);
        fid.Open?.Clunked();
        fid.Release();
        ReplyEmpty(MessageType.Rclunk, tag);
    }

    /// <summary>A remove is a clunk too, even when nothing may be removed.</summary>
    private void Remove(ushort tag, uint number)
    {
        if (Find(tag, number, out Fid? fid))
        {
            _fids.Remove(number);
            fid.Open?.Clunked();
            fid.Release();
            ReplyError(tag, Errno.EROFS);
        }
    }

    /// <summary>Forgets all fids and requests: a new Tversion, or the end.</summary>
    private void Reset()
    {
        DropRequests();
        Fid[] fids = [.. _fids.Values];
        _fids.Clear();
        foreach (Fid fid in fids)
        {
            fid.Release();
        }
    }
}
