using System.Buffers;

namespace Xget.NineP;

/// <summary>One send: whole replies, and perhaps the body of the last one, which comes from elsewhere.</summary>
internal readonly struct ReplyItem(byte[] head, int headLength, ReadResult body, int bodyOffset, int bodyCount, Fid? fid)
{
    public ReadOnlyMemory<byte> Head => head.AsMemory(0, headLength);

    public ReadResult Body => body;

    /// <summary>Where in the body's bytes to begin: what comes before is in the head already.</summary>
    public int BodyOffset => bodyOffset;

    public int BodyCount => bodyCount;

    public int Size => headLength + bodyCount;

    /// <summary>Bytes of the buffer that it keeps.</summary>
    public int Memory => head.Length;

    /// <summary>Gives back what the replies hold, once they are sent or dropped.</summary>
    public void Release()
    {
        ArrayPool<byte>.Shared.Return(head);
        body.Owner?.Dispose();
        fid?.Release();
    }
}

/// <summary>
/// Replies in the order in which they shall be sent. Small ones gather in one buffer, so that many of them leave with
/// one send; an empty queue holds no buffer. Its session's lock guards it.
/// </summary>
internal sealed class ReplyQueue
{
    private const int SmallHead = 4 * 1024;
    private const int LargeHead = 32 * 1024;

    /// <summary>Items that may wait: each holds a buffer, however few bytes are in it.</summary>
    private const int MostItems = 128;

    private readonly Queue<ReplyItem> _closed = new(0);
    private byte[]? _head;
    private int _headLength;

    /// <summary>Bytes that are ready and not sent.</summary>
    public long Ready { get; private set; }

    /// <summary>Bytes of the buffers that are kept for what is ready.</summary>
    public long Memory { get; private set; }

    /// <summary>Whether more is ready than that many bytes, or in too many pieces.</summary>
    public bool IsFull(long most) => Ready > most || _closed.Count > MostItems;

    public bool IsEmpty => _head is null && _closed.Count == 0;

    /// <summary>Room for a reply of up to <paramref name="size"/> bytes; <see cref="Commit"/> says how long it is.</summary>
    public Span<byte> Reserve(int size)
    {
        if (_head is not null && _head.Length - _headLength < size)
        {
            Close(default, 0, 0, null);
        }

        if (_head is null)
        {
            _head = ArrayPool<byte>.Shared.Rent(Math.Max(size, _closed.Count == 0 ? SmallHead : LargeHead));
            Memory += _head.Length;
        }

        return _head.AsSpan(_headLength, size);
    }

    public void Commit(int length)
    {
        _headLength += length;
        Ready += length;
    }

    /// <summary>A whole reply in a pooled buffer, which the queue takes over.</summary>
    public void Add(byte[] reply, int length)
    {
        if (_head is not null)
        {
            Close(default, 0, 0, null);
        }

        _closed.Enqueue(new ReplyItem(reply, length, default, 0, 0, null));
        Ready += length;
        Memory += reply.Length;
    }

    /// <summary>The body of the reply whose first bytes were written last.</summary>
    public void Close(ReadResult body, int bodyOffset, int bodyCount, Fid? fid)
    {
        _closed.Enqueue(new ReplyItem(_head!, _headLength, body, bodyOffset, bodyCount, fid));
        Ready += bodyCount;
        _head = null;
        _headLength = 0;
    }

    public bool TryTake(out ReplyItem item)
    {
        if (_closed.TryDequeue(out item))
        {
            return true;
        }

        if (_head is null)
        {
            return false;
        }

        item = new ReplyItem(_head, _headLength, default, 0, 0, null);
        _head = null;
        _headLength = 0;
        return true;
    }

    /// <summary>Takes note that an item is sent or dropped.</summary>
    public void Sent(in ReplyItem item)
    {
        Ready -= item.Size;
        Memory -= item.Memory;
    }
}
