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

    /// <summary>Rounds of receiving after which others get their turn, however fast a peer asks.</summary>
    private const int Turn = 64;

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
        for (int round = 1; ; round++)
        {
            if (round % Turn == 0)
            {
                await Task.Yield();
            }

            if (_buffer is null)
            {
                await Connection.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
                _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
            }

            int received = await Connection.ReceiveAsync(_buffer.AsMemory(_end), CancellationToken.None);
            if (received == 0)
            {
                return;
            }

            _end += received;
            Step step;
            while ((step = ServeNext()) == Step.Served)
            {
                if (_replies.IsFull(EnoughReady))
                {
                    Kick();
                    await RoomAsync();
                }
            }

            Kick();
            if (step == Step.Close)
            {
                return;
            }

            MakeRoom();
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

    /// <summary>
    /// Gives an empty buffer back, else makes room for the rest of a message. It grows with what has come, never on the
    /// word of a size alone.
    /// </summary>
    private void MakeRoom()
    {
        int left = _end - _start;
        if (left == 0 && Volatile.Read(ref _running) < BusyPeer)
        {
            ReturnBuffer();
            return;
        }

        byte[] buffer = _buffer!;
        byte[] to = left == buffer.Length ? ArrayPool<byte>.Shared.Rent(2 * buffer.Length) : buffer;
        if (to != buffer || _start > 0)
        {
            buffer.AsSpan(_start, left).CopyTo(to);
        }

        _start = 0;
        _end = left;
        if (to != buffer)
        {
            _buffer = to;
            ArrayPool<byte>.Shared.Return(buffer);
        }
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
