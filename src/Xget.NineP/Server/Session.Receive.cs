using System.Buffers;

namespace Xget.NineP;

/// <summary>The receiving side: bytes into whole frames.</summary>
internal sealed partial class Session
{
    private const int FirstBuffer = 8 * 1024;

    /// <summary>A Tversion is short; a longer first message is not 9P.</summary>
    private const int FirstMsize = 8 * 1024;

    /// <summary>Replies that may wait to be sent before requests are left unread.</summary>
    private const long MostReady = 1 << 20;

    /// <summary>Replies that are sent without looking for more to send with them.</summary>
    private const long EnoughReady = 64 * 1024;

    /// <summary>Reads that wait: a peer with so many asks for data, and soon for more.</summary>
    private const int BusyPeer = 3;

    private int _msize = FirstMsize;
    private byte[]? _buffer;
    private int _start;
    private int _end;

    private enum Step
    {
        Served,
        Incomplete,
        Close,
    }

    private async Task ReceiveAsync()
    {
        while (true)
        {
            if (_buffer is null)
            {
                ValueTask<int> something = Connection.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
                Received(something.IsCompleted);
                await something;
                _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
            }

            ValueTask<int> receiving = Connection.ReceiveAsync(_buffer.AsMemory(_end), CancellationToken.None);
            Received(receiving.IsCompleted);
            int received = await receiving;
            if (received == 0)
            {
                return;
            }

            _end += received;
            if (IsBehind())
            {
                await NextTurnAsync();
            }

            Step step;
            int served = 0;
            while ((step = ServeNext()) == Step.Served)
            {
                served++;
                bool isOver = Worked();
                bool isFull = _replies.IsFull(EnoughReady);
                if (isOver || isFull || (_running > _freeWaiting && HeldUpBy() is not null))
                {
                    Kick();
                    if (isFull && RoomAsync() is { IsCompleted: false } room)
                    {
                        await room;
                        _isTurnOver = true;
                    }

                    if (HeldUpBy() is not null)
                    {
                        await PauseAsync();
                    }

                    if (IsBehind())
                    {
                        await NextTurnAsync();
                    }
                }
            }

            Kick();
            if (step == Step.Close)
            {
                return;
            }

            Spend();
            if (_isSending)
            {
                CountBacklog();
            }

            if (HeldUpBy() is not null)
            {
                await PauseAsync();
            }

            if (_end == _start)
            {
                KeepOrReturnBuffer();
            }
            else
            {
                KeepUnfinished(begins: served > 0);
                if (!TryMakeRoom())
                {
                    await FrameRoomAsync();
                }
            }
        }
    }

    private Step ServeNext()
    {
        ReadOnlySpan<byte> received = _buffer.AsSpan(_start, _end - _start);
        if (received.Length < 4)
        {
            return Step.Incomplete;
        }

        uint size = Wire.U32(received, 0);
        if (size < NinePLimits.HeaderSize || size > (uint)_msize)
        {
            Complain($"sent a message of {size} bytes; 7 to {_msize} are possible");
            return Step.Close;
        }

        if (received.Length < size)
        {
            return Step.Incomplete;
        }

        _start += (int)size;
        return Serve(received[..(int)size]) ? Step.Served : Step.Close;
    }

    /// <summary>Gives an empty buffer back, unless more will come soon.</summary>
    private void KeepOrReturnBuffer()
    {
        FrameEnded();
        if (Volatile.Read(ref _running) < BusyPeer || _buffer!.Length > FirstBuffer)
        {
            ReturnBuffer();
            return;
        }

        _start = 0;
        _end = 0;
    }

    /// <summary>
    /// Makes room for the rest of a message: false if a limit is in the way. The buffer grows with what has come, never on the word of a
    /// size alone.
    /// </summary>
    private bool TryMakeRoom()
    {
        byte[] buffer = _buffer!;
        int left = _end - _start;
        int length = left == buffer.Length ? 2 * left : buffer.Length;
        if (length > _frameBytes)
        {
            if (_server.TakeFrameRoom(this, length - _frameBytes) is not null)
            {
                return false;
            }

            _frameBytes = length;
        }

        byte[] to = left == buffer.Length ? ArrayPool<byte>.Shared.Rent(length) : buffer;
        buffer.AsSpan(_start, left).CopyTo(to);
        _start = 0;
        _end = left;
        if (to != buffer)
        {
            _buffer = to;
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return true;
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
