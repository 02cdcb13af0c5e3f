using System.Buffers;
using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>The sending side: requests gather while others are being sent.</summary>
public sealed partial class NinePClient
{
    private const int FirstOut = 4 * 1024;
    private byte[]? _out;
    private int _outLength;
    private int _bursts;
    private bool _isSending;

    /// <summary>Requests made until the burst is disposed leave together.</summary>
    public Burst Burst() => new(this);

    internal void BeginBurst()
    {
        lock (_gate)
        {
            _bursts++;
        }
    }

    internal void EndBurst()
    {
        lock (_gate)
        {
            _bursts--;
        }

        Kick();
    }

    /// <summary>Takes a tag and room for a message of up to <paramref name="size"/> bytes. Under the lock.</summary>
    private Errno Reserve(PendingRequest request, int size, TimeSpan timeout, out Span<byte> frame)
    {
        frame = default;
        if (_lost)
        {
            return Errno.ECONNRESET;
        }

        if (size > MostSent)
        {
            return Errno.EMSGSIZE;
        }

        if (!_tags.TryTake(out ushort tag))
        {
            return Errno.EAGAIN;
        }

        request.Tag = tag;
        request.Client = this;
        _tags[tag] = new TagSlot { State = TagState.Waiting, Request = request, Deadline = DeadlineAfter(timeout) };
        _outstanding++;
        frame = Room(size);
        return 0;
    }

    private Span<byte> Room(int size)
    {
        if (_out is null || _out.Length - _outLength < size)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstOut, 2 * (_outLength + size)));
            if (_out is not null)
            {
                _out.AsSpan(0, _outLength).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_out);
            }

            _out = larger;
        }

        return _out.AsSpan(_outLength, size);
    }

    /// <summary>After the message is written: lets it go, and hands out its future answer.</summary>
    private ValueTask<Reply<T>> Launch<T>(PendingRequest<T> request, Errno error, CancellationToken ct)
    {
        ValueTask<Reply<T>> task = request.Task;
        if (error != 0)
        {
            request.Fail(error);
            return task;
        }

        Kick();
        if (ct.CanBeCanceled)
        {
            request.Registration = ct.UnsafeRegister(
                static request => ((PendingRequest)request!).Client?.Cancel((PendingRequest)request), request);
        }

        return task;
    }

    private void Kick()
    {
        lock (_gate)
        {
            if (_isSending || _bursts > 0 || _lost || _outLength == 0)
            {
                return;
            }

            _isSending = true;
        }

        _ = SendAllAsync();
    }

    private async Task SendAllAsync()
    {
        try
        {
            while (TakeOut(out byte[]? messages, out int length))
            {
                await _connection.SendAsync(messages.AsMemory(0, length), CancellationToken.None);
                ArrayPool<byte>.Shared.Return(messages!);
            }
        }
        catch (Exception)
        {
            // The buffer may still be in use: it is not given back.
            lock (_gate)
            {
                _isSending = false;
            }

            Lose(abort: true);
        }
    }

    private bool TakeOut(out byte[]? messages, out int length)
    {
        lock (_gate)
        {
            messages = _out;
            length = _outLength;
            _isSending = length > 0 && _bursts == 0 && !_lost;
            if (_isSending)
            {
                _out = null;
                _outLength = 0;
            }

            return _isSending;
        }
    }
}
