namespace Xget.NineP;

/// <summary>What a peer may hold: past a limit nothing is read from it.</summary>
internal sealed partial class Session
{
    /// <summary>Bytes of replies that every peer may leave untaken, whatever others do.</summary>
    private const long FreeReplies = 128 * 1024;

    private static readonly TimeSpan PausePoll = TimeSpan.FromMilliseconds(20);

    private int _freeWaiting;
    private DeadlineQueue.Entry? _frame;
    private long _frameBytes; // of the buffer, counted while a part of a message is in it
    private long _backlog;
    private bool _isUnfinished;

    /// <summary>The name of the limit that it is past; null if it is past none.</summary>
    private string? HeldUpBy()
    {
        ServerLimits limits = _server.Limits;
        int running = Volatile.Read(ref _running);
        return running >= limits.MaxWaiting ? nameof(ServerLimits.MaxWaiting)
            : running > _freeWaiting && Address.Waiting.Exceeded is { } waiting ? waiting.Name
            : Volatile.Read(ref _waitingWrites) > 0 && Address.Frames.Exceeded is { } frames ? frames.Name
            : Interlocked.Read(ref _backlog) > FreeReplies && Address.Replies.Exceeded is { } replies ? replies.Name
            : null;
    }

    /// <summary>Waits until it is past no limit. Looks now and then: what others give back need not find those who wait for it.</summary>
    private async ValueTask PauseAsync()
    {
        await WhileAsync(static session => session.HeldUpBy(), _server.Limits.PauseTimeout);
        await NextTurnAsync();
    }

    /// <summary>Waits until there is room for more of an unfinished message.</summary>
    private async ValueTask FrameRoomAsync()
    {
        await WhileAsync(
            static session => session.TryMakeRoom() ? null : nameof(ServerLimits.MaxFrameBytesPerAddress), Timeout.InfiniteTimeSpan);
        await NextTurnAsync();
    }

    private async ValueTask WhileAsync(Func<Session, string?> heldUp, TimeSpan timeout)
    {
        long since = _server.Time.GetTimestamp();
        while (!_aborted && heldUp(this) is { } limit)
        {
            if (timeout != Timeout.InfiniteTimeSpan && _server.Time.GetElapsedTime(since) >= timeout)
            {
                Cut($"has been past a limit for {timeout.TotalSeconds:0} s ({limit})");
                return;
            }

            await Task.Delay(PausePoll, _server.Time);
        }
    }

    /// <summary>A part of a message is there: it has to be whole in time. It may be the same one as before.</summary>
    private void KeepUnfinished(bool begins)
    {
        if (_isUnfinished && !begins)
        {
            return;
        }

        _frame ??= new DeadlineQueue.Entry(() => Cut($"left a message unfinished ({nameof(ServerLimits.FrameTimeout)})"));
        _server.Unfinished.Remove(_frame);
        _isUnfinished = true;
        _server.Unfinished.Add(_frame);
    }

    private void FrameEnded()
    {
        if (_isUnfinished)
        {
            _isUnfinished = false;
            _server.Unfinished.Remove(_frame!);
        }

        if (_frameBytes > 0)
        {
            Address.Frames.Give(_frameBytes);
            _frameBytes = 0;
        }
    }

    /// <summary>Counts the replies that the peer has not taken.</summary>
    private void CountBacklog()
    {
        lock (_gate)
        {
            if (_isSending)
            {
                CountBacklog(_replies.Memory);
            }
        }
    }

    /// <summary>Under the lock.</summary>
    private void CountBacklog(long bytes)
    {
        long more = bytes - _backlog;
        if (more != 0)
        {
            Address.Replies.Take(more);
            Interlocked.Exchange(ref _backlog, bytes);
        }
    }
}
