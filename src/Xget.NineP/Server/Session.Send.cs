using System.Buffers;
using System.Runtime.CompilerServices;
using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>The sending side: replies in order, as few sends as possible.</summary>
internal sealed partial class Session
{
    /// <summary>Data up to this size is copied behind its header rather than sent on its own.</summary>
    private const int CopiedData = 16 * 1024;

    /// <summary>Sent at once: what a peer must take within the send time-out.</summary>
    private const int SendPiece = 256 * 1024;

    /// <summary>So many packets that the peer's host acknowledges them at once.</summary>
    private const int FirstPiece = 4 * 1024;

    private const int SmallReply = 256;

    private static readonly TimeSpan GatheringPause = TimeSpan.FromMilliseconds(1);

    private readonly ReplyQueue _replies = new();
    private readonly DeadlineQueue.Entry _sending;
    private TaskCompletionSource? _room;
    private TaskCompletionSource? _sendEnded;
    private bool _isSending;
    private bool _sendFailed;

    /// <summary>Queues a whole reply.</summary>
    private void Reply(ReadOnlySpan<byte> frame)
    {
        Trace('<', frame);
        lock (_gate)
        {
            frame.CopyTo(_replies.Reserve(frame.Length));
            _replies.Commit(frame.Length);
        }
    }

    /// <summary>Queues a whole reply in a pooled buffer, which goes over to the queue.</summary>
    private void Reply(byte[] pooled, int length)
    {
        if (length <= SmallReply)
        {
            Reply(pooled.AsSpan(0, length));
            ArrayPool<byte>.Shared.Return(pooled);
            return;
        }

        Trace('<', pooled.AsSpan(0, length));
        lock (_gate)
        {
            _replies.Add(pooled, length);
        }
    }

    private void ReplyError(ushort tag, Errno error)
    {
        Span<byte> frame = stackalloc byte[SmallReply];
        Reply(frame[..ErrorMessage.Write(frame, Dialect, tag, error, ErrorText.Of(error))]);
    }

    private void ReplyEmpty(MessageType type, ushort tag)
    {
        Span<byte> frame = stackalloc byte[NinePLimits.HeaderSize];
        Reply(frame[..EmptyMessage.Write(frame, type, tag)]);
    }

    /// <summary>
    /// Queues the outcome of a read. True if the queue has taken over the result and one use of the fid; if not, the
    /// caller lets go of them.
    /// </summary>
    private bool QueueRead(ushort tag, in ReadResult result, int limit, Fid? fid)
    {
        if (result.Error != 0)
        {
            ReplyError(tag, result.Error);
            return false;
        }

        int count = Math.Clamp(result.Count, 0, limit);
        int copied = result.Handle is null ? Math.Min(count, CopiedData) : 0;
        lock (_gate)
        {
            Span<byte> head = _replies.Reserve(NinePLimits.ReadHeaderSize + copied);
            DataReply.WriteHeader(head, MessageType.Rread, tag, count);
            Trace('<', head[..NinePLimits.ReadHeaderSize]);
            result.Data.Span[..copied].CopyTo(head[NinePLimits.ReadHeaderSize..]);
            _replies.Commit(NinePLimits.ReadHeaderSize + copied);
            if (copied == count)
            {
                return false;
            }

            _replies.Close(result, copied, count - copied, fid);
            return true;
        }
    }

    /// <summary>Starts sending what is ready, unless that is under way.</summary>
    private void Kick()
    {
        lock (_gate)
        {
            if (_isSending || _sendFailed || _replies.IsEmpty)
            {
                return;
            }

            _isSending = true;
        }

        // Not awaited: it tells of its end through _sendEnded.
        _ = SendAllAsync();
    }

    private async Task SendAllAsync()
    {
        while (TryTake(out ReplyItem item))
        {
            try
            {
                await SendAsync(item);
            }
            catch (Exception e)
            {
                if (!IsLoss(e) || e is EndOfStreamException)
                {
                    Complain($"sending to it failed: {e.Message}");
                }

                Fail();
            }

            Release(item);
        }
    }

    private void Release(in ReplyItem item)
    {
        try
        {
            item.Release();
        }
        catch (Exception e)
        {
            Complain($"letting go of sent bytes failed: {e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>Waits until nothing is being sent.</summary>
    private Task SendEndedAsync()
    {
        lock (_gate)
        {
            if (!_isSending)
            {
                return Task.CompletedTask;
            }

            _sendEnded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _sendEnded.Task;
        }
    }

    private bool TryTake(out ReplyItem item)
    {
        TaskCompletionSource? room = null;
        TaskCompletionSource? ended = null;
        bool taken;
        lock (_gate)
        {
            taken = _replies.TryTake(out item);
            if (taken)
            {
                // Counted as sent when taken: one item more or less does not matter to the limit.
                _replies.Sent(item);
            }

            _isSending = taken;
            if (!taken)
            {
                CountBacklog(0);
            }

            ended = taken ? null : _sendEnded;
            if (!_replies.IsFull(MostReady))
            {
                (room, _room) = (_room, null);
            }
        }

        room?.SetResult();
        ended?.TrySetResult();
        return taken;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(ReplyItem item)
    {
        if (_sendFailed)
        {
            return;
        }

        if (item.BodyCount == 0)
        {
            await TimedAsync(Connection.SendAsync(item.Head, CancellationToken.None));
            return;
        }

        if (item.Body.Handle is { } file)
        {
            ReadOnlyMemory<byte> head = item.Head;
            for (int at = 0, count; at < item.BodyCount; at += count)
            {
                count = await NextPieceAsync(item.BodyCount - at);
                await TimedAsync(Connection.SendFileAsync(
                    head, file, item.Body.Offset + at, count, CancellationToken.None));
                head = default;
            }

            return;
        }

        await TimedAsync(Connection.SendAsync(item.Head, CancellationToken.None));
        ReadOnlyMemory<byte> body = item.Body.Data.Slice(item.BodyOffset, item.BodyCount);
        for (int at = 0; at < body.Length; at += SendPiece)
        {
            int count = Math.Min(SendPiece, body.Length - at);
            await TimedAsync(Connection.SendAsync(body.Slice(at, count), CancellationToken.None));
        }
    }

    /// <summary>Waits until some of a file's bytes that are left may be sent: how many. What comes from memory does not wait, nor
    /// does a connection that ends.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> NextPieceAsync(int left)
    {
        Allowance allowance;
        while ((allowance = _server.Ask(Connection, left)) == Allowance.None && !Closed.IsCancellationRequested)
        {
            await Task.Delay(GatheringPause, _server.Time, Closed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return Math.Min(allowance == Allowance.Little ? FirstPiece : SendPiece, left);
    }

    /// <summary>Lets a send take its time, but no more than that.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask TimedAsync(ValueTask send)
    {
        if (send.IsCompleted)
        {
            await send;
            return;
        }

        _server.Sending.Add(_sending);
        try
        {
            await send;
        }
        finally
        {
            _server.Sending.Remove(_sending);
        }
    }

    /// <summary>Waits while more replies are ready than the peer deserves.</summary>
    private Task RoomAsync()
    {
        lock (_gate)
        {
            if (!_replies.IsFull(MostReady) || _sendFailed)
            {
                return Task.CompletedTask;
            }

            _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }

    private void Fail()
    {
        TaskCompletionSource? room;
        lock (_gate)
        {
            _sendFailed = true;
            (room, _room) = (_room, null);
        }

        room?.SetResult();
        Abort();
    }

    private void DropReplies()
    {
        while (TryTake(out ReplyItem item))
        {
            Release(item);
        }
    }
}
