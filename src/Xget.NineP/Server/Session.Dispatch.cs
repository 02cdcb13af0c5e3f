using System.Text;
using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>From a frame to the code that serves it; version, attach and what is refused.</summary>
internal sealed partial class Session
{
    private bool _versioned;
    private bool _attached;

    /// <summary>Serves one whole frame; false closes the connection.</summary>
    private bool Serve(ReadOnlySpan<byte> frame)
    {
        Trace('>', frame);
        ushort tag = Wire.U16(frame, 5);
        ReadOnlySpan<byte> body = frame[NinePLimits.HeaderSize..];
        if (MessageTable.Find(frame[4]) is not { IsRequest: true } message)
        {
            Complain($"sent a message of type {frame[4]}, which is no request");
            return false;
        }

        if (!_versioned && message.Type != MessageType.Tversion)
        {
            Complain($"sent {message.Name} before Tversion");
            return false;
        }

        if (!message.IsIn(Dialect))
        {
            ReplyError(tag, Errno.EOPNOTSUPP);
            return true;
        }

        if (!message.Fits(body, Dialect))
        {
            Complain($"sent a malformed {message.Name}");
            return false;
        }

        if (IsInUse(tag))
        {
            Complain($"sent {message.Name} with tag {tag}, which is in use");
            return false;
        }

        try
        {
            Dispatch(message.Type, tag, body);
        }
        catch (Exception e)
        {
            Complain($"{message.Name} failed: {e.GetType().Name}: {e.Message}");
            ReplyError(tag, Errno.EIO);
        }

        return true;
    }

    private void Dispatch(MessageType type, ushort tag, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case MessageType.Tversion:
                Version(tag, new VersionMessage(body));
                break;
            case MessageType.Tauth:
                // ENOENT is what Linux's tools take as "none is needed".
                ReplyError(tag, Errno.ENOENT);
                break;
            case MessageType.Tattach:
                Attach(tag, new Tattach(body, Dialect));
                break;
            case MessageType.Tflush:
                Flush(tag, new Tflush(body).OldTag);
                break;
            case MessageType.Twalk:
                Walk(tag, new Twalk(body));
                break;
            case MessageType.Topen:
                Open(tag, new Topen(body));
                break;
            case MessageType.Tlopen:
                Open(tag, new Tlopen(body));
                break;
            case MessageType.Tread:
                Read(tag, new ReadRequest(body));
                break;
            case MessageType.Treaddir:
                ReadDirectory(tag, new ReadRequest(body));
                break;
            case MessageType.Twrite:
                Write(tag, new Twrite(body));
                break;
            case MessageType.Tclunk:
                Clunk(tag, new FidMessage(body).Fid);
                break;
            case MessageType.Tremove:
                Remove(tag, new FidMessage(body).Fid);
                break;
            case MessageType.Tstat:
                Stat(tag, new FidMessage(body).Fid);
                break;
            case MessageType.Tgetattr:
                GetAttributes(tag, new Tgetattr(body));
                break;
            case MessageType.Tstatfs:
                StatFs(tag, new FidMessage(body).Fid);
                break;
            case MessageType.Treadlink:
                ReadLink(tag, new FidMessage(body).Fid);
                break;
            case MessageType.Txattrwalk:
                XattrWalk(tag, new Txattrwalk(body));
                break;
            case MessageType.Tfsync:
                // Nothing is ever unsaved.
                ReplyEmpty(MessageType.Rfsync, tag);
                break;
            case MessageType.Tlock:
                Lock(tag);
                break;
            case MessageType.Tgetlock:
                GetLock(tag, body);
                break;
            default:
                // All others would change something.
                ReplyError(tag, Errno.EROFS);
                break;
        }
    }

    private void Version(ushort tag, VersionMessage request)
    {
        Span<byte> frame = stackalloc byte[SmallReply];
        if (request.Msize < NinePLimits.MinMsize)
        {
            ReplyError(tag, Errno.EMSGSIZE);
            return;
        }

        uint msize = Math.Min(request.Msize, (uint)_server.Options.MaxMsize);
        Dialect? dialect = VersionNames.Answer(request.Version, _server.Options.OfferUnix);
        Reset();
        if (dialect is { } known)
        {
            Dialect = known;
            _msize = (int)msize;
            if (!_versioned)
            {
                _server.Versioned(this);
                Volatile.Write(ref _versioned, true);
            }
        }

        ReadOnlySpan<byte> name = dialect is { } d ? VersionNames.Of(d) : VersionNames.Unknown;
        Reply(frame[..VersionMessage.Write(frame, MessageType.Rversion, tag, msize, name)]);
    }

    private void Attach(ushort tag, Tattach request)
    {
        if (request.Afid != NinePLimits.NoFid)
        {
            ReplyError(tag, Errno.EBADF);
            return;
        }

        if (!IsFree(request.Fid, out Errno error))
        {
            ReplyError(tag, error);
            return;
        }

        if (Address.Held.TryTake(ServerLimits.FidBytes) is not null)
        {
            ReplyError(tag, Errno.EMFILE);
            return;
        }

        if (!_attached)
        {
            Peer.UserName = Encoding.UTF8.GetString(request.Uname);
            Peer.NUname = request.NUname == NinePLimits.NoNUname ? null : request.NUname;
        }

        error = _server.Root.Attach(Peer, request.Uname, request.Aname, request.NUname, out ServedFile? root);
        if (error != 0 || root is null)
        {
            Address.Held.Give(ServerLimits.FidBytes);
            ReplyError(tag, error != 0 ? error : Errno.ENOENT);
            return;
        }

        _attached = true;
        _fids.Add(request.Fid, new Fid(this, root));
        Span<byte> frame = stackalloc byte[SmallReply];
        Reply(frame[..QidMessage.Write(frame, MessageType.Rattach, tag, root.Qid)]);
    }

    private void Lock(ushort tag)
    {
        Span<byte> frame = stackalloc byte[SmallReply];
        Reply(frame[..LockMessages.WriteRlock(frame, tag)]);
    }

    private void GetLock(ushort tag, ReadOnlySpan<byte> request)
    {
        Span<byte> frame = request.Length < SmallReply / 2 ? stackalloc byte[SmallReply] : new byte[NinePLimits.HeaderSize + request.Length];
        Reply(frame[..LockMessages.WriteRgetlock(frame, tag, request)]);
    }

    private void Trace(char direction, ReadOnlySpan<byte> frame)
    {
        if (_server.Options.Trace is { } trace)
        {
            trace($"{Connection.Remote} {direction} {TracePrinter.Print(frame, Dialect)}");
        }
    }
}
