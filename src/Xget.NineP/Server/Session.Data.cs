using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>Open, read, write, and the requests that wait.</summary>
internal sealed partial class Session
{
    private readonly Dictionary<ushort, Outstanding> _outstanding = [];
    private int _running;
    private int _waitingWrites;
    private TaskCompletionSource? _allEnded;

    private void Open(ushort tag, Topen request)
    {
        Errno error = OpenModes.ToFlags(request.Mode, out OpenFlags flags);
        Open(tag, MessageType.Ropen, request.Fid, flags, error);
    }

    private void Open(ushort tag, Tlopen request)
    {
        const uint AccessMask = 3;
        Errno error = (request.Flags & AccessMask) == AccessMask ? Errno.EINVAL : 0;
        Open(tag, MessageType.Rlopen, request.Fid, (OpenFlags)(int)request.Flags, error);
    }

    private void Open(ushort tag, MessageType reply, uint number, OpenFlags flags, Errno error)
    {
        if (!Find(tag, number, out Fid? fid))
        {
            return;
        }

        OpenFile? file = null;
        if (error == 0)
        {
            error = fid.IsOpen || fid.Xattr is not null ? Errno.EINVAL
                : fid.File.Qid.IsDirectory ? OpenDirectory(flags)
                : (flags & OpenFlags.O_DIRECTORY) != 0 ? Errno.ENOTDIR
                : fid.File.Open(flags, Peer, out file);
        }

        if (error == 0 && file is null && !fid.File.Qid.IsDirectory)
        {
            error = Errno.EIO;
        }

        if (error == 0 && file is not null && !fid.Holds(file.HeldBytes))
        {
            error = Errno.EMFILE;
        }

        if (error != 0)
        {
            file?.Dispose();
            ReplyError(tag, error);
            return;
        }

        fid.IsOpen = true;
        fid.Flags = flags;
        fid.Open = file;
        Span<byte> frame = stackalloc byte[SmallReply];
        Reply(frame[..OpenReply.Write(frame, reply, tag, fid.File.Qid, iounit: 0)]);
    }

    private static Errno OpenDirectory(OpenFlags flags) => OpenModes.Writes(flags) ? Errno.EISDIR : 0;

    private void Read(ushort tag, ReadRequest request)
    {
        if (!Find(tag, request.Fid, out Fid? fid))
        {
            return;
        }

        int limit = (int)Math.Min(request.Count, (uint)(_msize - NinePLimits.ReadHeaderSize));
        if (fid.Xattr is { } value)
        {
            int at = (int)Math.Min(request.Offset, (ulong)value.Length);
            QueueRead(tag, ReadResult.Bytes(value[at..]), limit, null);
            return;
        }

        if (!fid.IsOpen || !OpenModes.Reads(fid.Flags))
        {
            ReplyError(tag, Errno.EBADF);
            return;
        }

        if (fid.Open is not { } file)
        {
            ReadStats(tag, fid, request.Offset, limit);
            return;
        }

        Outstanding waiting = Begin(tag, fid, limit, isWrite: false);
        ValueTask<ReadResult> read;
        try
        {
            read = file.ReadAsync(request.Offset, limit, waiting.Token);
        }
        catch (Exception e)
        {
            read = ValueTask.FromException<ReadResult>(e);
        }

        waiting.Await(read);
    }

    private void Write(ushort tag, Twrite request)
    {
        if (!Find(tag, request.Fid, out Fid? fid))
        {
            return;
        }

        if (fid.Open is not { } file || !OpenModes.Writes(fid.Flags))
        {
            ReplyError(tag, Errno.EBADF);
            return;
        }

        Outstanding waiting = Begin(tag, fid, request.Data.Length, isWrite: true);
        ValueTask<WriteResult> write;
        try
        {
            write = file.WriteAsync(request.Offset, waiting.Keep(request.Data), waiting.Token);
        }
        catch (Exception e)
        {
            write = ValueTask.FromException<WriteResult>(e);
        }

        waiting.Await(write);
    }

    /// <summary>Takes note of a request that may wait, before its file is asked.</summary>
    private Outstanding Begin(ushort tag, Fid fid, int limit, bool isWrite)
    {
        Outstanding request = _server.Requests.Rent();
        lock (_gate)
        {
            _running++;
            fid.Acquire();
            request.Begin(this, tag, fid, limit, isWrite);
            _outstanding.Add(tag, request);
        }

        return request;
    }

    /// <summary>A request has to wait: it is counted until it ends.</summary>
    public void Waits(Outstanding request)
    {
        Address.Waiting.Take(1);
        if (request.IsWrite)
        {
            Interlocked.Increment(ref _waitingWrites);
            Address.Frames.Take(request.Limit);
        }
    }

    /// <summary>A read has ended, on whatever thread.</summary>
    public void EndRead(Outstanding request, ReadResult result, bool waited)
    {
        if (!request.Fid.Holds(request.Fid.Open?.HeldBytes ?? 0))
        {
            Cut($"holds too much ({nameof(ServerLimits.MaxHeldBytesPerAddress)})");
        }

        bool queued = false;
        lock (_gate)
        {
            // Queued under the same lock: a flush finds either the request or its reply in the queue.
            if (Take(request))
            {
                queued = QueueRead(request.Tag, result, request.Limit, request.Fid);
            }
        }

        if (!queued)
        {
            result.Owner?.Dispose();
            request.Fid.Release();
        }

        Ended(request, waited);
    }

    /// <summary>A write has ended, on whatever thread.</summary>
    public void EndWrite(Outstanding request, WriteResult result, bool waited)
    {
        lock (_gate)
        {
            if (Take(request))
            {
                QueueWrite(request.Tag, result, request.Limit);
            }
        }

        request.Fid.Release();
        Ended(request, waited);
    }

    private void QueueWrite(ushort tag, WriteResult result, int limit)
    {
        if (result.Error != 0)
        {
            ReplyError(tag, result.Error);
            return;
        }

        Span<byte> frame = stackalloc byte[SmallReply];
        Reply(frame[..Rwrite.Write(frame, tag, (uint)Math.Clamp(result.Count, 0, limit))]);
    }

    private void Flush(ushort tag, ushort oldTag)
    {
        Outstanding? flushed;
        lock (_gate)
        {
            if (_outstanding.Remove(oldTag, out flushed))
            {
                flushed.Dropped = true;
                flushed.Hold();
            }
        }

        // The old reply is either before this one in the queue, or never comes.
        ReplyEmpty(MessageType.Rflush, tag);
        flushed?.Cancel(this);
        flushed?.Release();
    }

    private bool IsInUse(ushort tag)
    {
        lock (_gate)
        {
            return _outstanding.ContainsKey(tag);
        }
    }

    /// <summary>Cancels all requests that wait; none of them is answered.</summary>
    private void DropRequests()
    {
        Outstanding[] dropped;
        lock (_gate)
        {
            dropped = [.. _outstanding.Values];
            _outstanding.Clear();
            foreach (Outstanding request in dropped)
            {
                request.Dropped = true;
                request.Hold();
            }
        }

        foreach (Outstanding request in dropped)
        {
            request.Cancel(this);
            request.Release();
        }
    }

    /// <summary>Whether the request still wants a reply; from now on it waits no more. Under the lock.</summary>
    private bool Take(Outstanding request) => !request.Dropped && _outstanding.Remove(request.Tag);

    private void Ended(Outstanding request, bool waited)
    {
        if (waited)
        {
            WaitEnded(request);
        }

        request.Release();
        if (waited)
        {
            Kick();
        }

        TaskCompletionSource? allEnded = null;
        lock (_gate)
        {
            if (--_running == 0)
            {
                allEnded = _allEnded;
            }
        }

        allEnded?.SetResult();
    }

    private void WaitEnded(Outstanding request)
    {
        Address.Waiting.Give(1);
        if (request.IsWrite)
        {
            Interlocked.Decrement(ref _waitingWrites);
            Address.Frames.Give(request.Limit);
        }
    }

    private Task RequestsEndedAsync()
    {
        lock (_gate)
        {
            if (_running == 0)
            {
                return Task.CompletedTask;
            }

            _allEnded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _allEnded.Task;
        }
    }
}
