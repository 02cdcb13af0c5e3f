using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>The receiving side: replies to their requests, data straight into the callers' buffers.</summary>
public sealed partial class NinePClient
{
    private const int FirstBuffer = 16 * 1024;

    /// <summary>Rounds of receiving after which other connections get their turn, however fast this one is.</summary>
    private const int Turn = 64;

    private long _bytesReceived;
    private long _progress;
    private byte[]? _buffer;
    private int _start;
    private int _end;

    /// <summary>The request whose data are coming in; only the receiving side knows it.</summary>
    private PendingRequest? _receiving;

    private enum Step
    {
        Served,
        Incomplete,
        Data,
        Broken,
    }

    private async Task ReceiveAllAsync()
    {
        Errno reason = Errno.ECONNRESET;
        try
        {
            for (int round = 1; await FillAsync(); round++)
            {
                if (round % Turn == 0)
                {
                    await Task.Yield();
                }

                Step step;
                while ((step = ReceiveNext(out int count)) is Step.Served or Step.Data)
                {
                    if (step == Step.Data && !await ReceiveDataAsync(count))
                    {
                        step = Step.Incomplete;
                        break;
                    }
                }

                if (step == Step.Broken)
                {
                    reason = Errno.EPROTO;
                    break;
                }
            }

            if (_end > _start)
            {
                // Something was said, but no answer to Tversion.
                Refuse(Errno.EPROTO);
            }
        }
        catch (Exception e) when (IsLoss(e))
        {
            // What is in flight is told below.
        }
        finally
        {
            if (_receiving is { } request)
            {
                _receiving = null;
                Done(request);
                request.Fail(reason);
            }

            ReturnBuffer();
            Lose(abort: true);
        }
    }

    /// <summary>Receives more; a client that has asked for nothing waits without a buffer. False at the end.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> FillAsync()
    {
        int left = _end - _start;
        if (left == 0)
        {
            if (Volatile.Read(ref _outstanding) == 0)
            {
                ReturnBuffer();
                await _connection.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
            }

            _start = 0;
            _end = 0;
            _buffer ??= ArrayPool<byte>.Shared.Rent(FirstBuffer);
        }
        else
        {
            byte[] buffer = _buffer!;
            byte[] to = left == buffer.Length ? ArrayPool<byte>.Shared.Rent(2 * left) : buffer;
            buffer.AsSpan(_start, left).CopyTo(to);
            _start = 0;
            _end = left;
            if (to != buffer)
            {
                _buffer = to;
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        int received = await _connection.ReceiveAsync(_buffer.AsMemory(_end), CancellationToken.None);
        _end += received;
        Progress(received);
        return received > 0;
    }

    private Step ReceiveNext(out int count)
    {
        count = 0;
        ReadOnlySpan<byte> received = _buffer.AsSpan(_start, _end - _start);
        if (received.Length < NinePLimits.HeaderSize)
        {
            return Step.Incomplete;
        }

        uint size = Wire.U32(received, 0);
        if (size < NinePLimits.HeaderSize || size > (uint)(_isAgreed ? Msize : MostHandshake))
        {
            return Step.Broken;
        }

        MessageType type = (MessageType)received[4];
        if (type == MessageType.Rread && _isAgreed)
        {
            return ReceiveDataHeader(received, size, out count);
        }

        if (received.Length < size)
        {
            return Step.Incomplete;
        }

        _start += (int)size;
        ReadOnlySpan<byte> frame = received[..(int)size];
        return (_isAgreed ? Receive(type, frame) : ReceiveVersion(frame)) ? Step.Served : Step.Broken;
    }

    private Step ReceiveDataHeader(ReadOnlySpan<byte> received, uint size, out int count)
    {
        count = 0;
        if (received.Length < NinePLimits.ReadHeaderSize)
        {
            return size < NinePLimits.ReadHeaderSize ? Step.Broken : Step.Incomplete;
        }

        if (!Claim(Wire.U16(received, 5), MessageType.Rread, out PendingRequest? request))
        {
            return Step.Broken;
        }

        _receiving = request;
        if (Wire.U32(received, NinePLimits.HeaderSize) != size - NinePLimits.ReadHeaderSize)
        {
            return Step.Broken;
        }

        count = (int)size - NinePLimits.ReadHeaderSize;
        _start += NinePLimits.ReadHeaderSize;
        return request is not null && (request.ReplyType != MessageType.Rread || count > request.Buffer.Length)
            ? Step.Broken
            : Step.Data;
    }

    /// <summary>Receives a reply's data: what is here is copied, the rest goes straight to its place.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ReceiveDataAsync(int count)
    {
        PendingRequest? request = _receiving;
        int done = Math.Min(count, _end - _start);
        if (request is not null)
        {
            _buffer.AsSpan(_start, done).CopyTo(request.Buffer.Span);
        }

        _start += done;
        while (done < count)
        {
            // Data that nobody waits for any more end in the (now empty) buffer.
            Memory<byte> to = request is not null ? request.Buffer[done..count] : _buffer.AsMemory();
            to = to[..Math.Min(to.Length, count - done)];
            int received = await _connection.ReceiveMostAsync(to, CancellationToken.None);
            if (received == 0)
            {
                return false;
            }

            done += received;
            Progress(received);
        }

        _receiving = null;
        if (request is not null)
        {
            Done(request);
            ((PendingRequest<int>)request).Succeed(count);
        }

        return true;
    }

    private bool Receive(MessageType type, ReadOnlySpan<byte> frame)
    {
        ushort tag = Wire.U16(frame, 5);
        ReadOnlySpan<byte> body = frame[NinePLimits.HeaderSize..];
        if (!Claim(tag, type, out PendingRequest? request))
        {
            return false;
        }

        // Until it is ended, a failure from here on is this request's.
        _receiving = request;
        if (MessageTable.Find(frame[4]) is not { IsRequest: false } message || !message.IsIn(Dialect)
            || !message.Fits(body, Dialect))
        {
            return false;
        }

        if (request is null)
        {
            return true;
        }

        if (request.ClunkedFid is { } fid)
        {
            FreeFid(fid);
        }

        if (type is MessageType.Rerror or MessageType.Rlerror)
        {
            ErrorMessage error = new(body, Dialect);
            string? text = error.Text.IsEmpty ? null : Encoding.UTF8.GetString(error.Text);
            Done(request);
            _receiving = null;
            request.Fail(error.Error, text);
            return true;
        }

        if (type != request.ReplyType)
        {
            return false;
        }

        Done(request);
        _receiving = null;
        if (!request.TryDecode(Dialect, body))
        {
            request.Fail(Errno.EPROTO);
            return false;
        }

        return true;
    }

    /// <summary>Finds the request that a reply answers: none if it was given up. False for a tag that asked nothing.</summary>
    private bool Claim(ushort tag, MessageType type, out PendingRequest? request)
    {
        request = null;
        lock (_gate)
        {
            if (tag >= _tags.Capacity)
            {
                return false;
            }

            ref TagSlot slot = ref _tags[tag];
            switch (slot.State)
            {
                case TagState.Waiting:
                    slot.State = TagState.Receiving;
                    request = slot.Request;
                    return true;
                case TagState.Discarding:
                    slot.State = TagState.Answered;
                    return true;
                case TagState.Flushing
                    when type is MessageType.Rflush or MessageType.Rerror or MessageType.Rlerror:
                    _tags.Free(slot.OldTag);
                    _tags.Free(tag);
                    return true;
                default:
                    return false;
            }
        }
    }

    /// <summary>Frees a request's tag, before the request is ended and may serve another.</summary>
    private void Done(PendingRequest request)
    {
        lock (_gate)
        {
            _tags.Free(request.Tag);
            _outstanding--;
        }
    }

    private void Progress(int received)
    {
        Interlocked.Add(ref _bytesReceived, received);
        Interlocked.Exchange(ref _progress, _time.GetTimestamp());
    }

    private void ReturnBuffer()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _start = 0;
        _end = 0;
    }
}
