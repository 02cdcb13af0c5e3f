namespace Xget.Fuse;

/// <summary>
/// Buffers for replies that are put together here (reads from files, directories), reused. A reply's body begins at a
/// page, its header just before it, so that one write sends both. Thread-safe.
/// </summary>
internal sealed class ReplyBuffers(int largest)
{
    /// <summary>Where a reply's body begins.</summary>
    public const int BodyOffset = 4096;

    private const int Small = 64 << 10;
    private const int MostKept = 8;
    private readonly Lock _gate = new();
    private readonly Stack<byte[]> _small = [];
    private readonly Stack<byte[]> _large = [];

    /// <summary>The largest body, in bytes.</summary>
    public int Largest => largest;

    /// <summary>A buffer with room for a body of <paramref name="size"/> bytes, at most <see cref="Largest"/>.</summary>
    public byte[] Rent(int size)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)size, (uint)largest, nameof(size));
        Stack<byte[]> spare = size <= Small ? _small : _large;
        lock (_gate)
        {
            if (spare.TryPop(out byte[]? buffer))
            {
                return buffer;
            }
        }

        return GC.AllocateUninitializedArray<byte>(BodyOffset + (size <= Small ? Small : largest), pinned: true);
    }

    public void Return(byte[] buffer)
    {
        Stack<byte[]> spare = buffer.Length == BodyOffset + Small ? _small : _large;
        lock (_gate)
        {
            if (spare.Count < MostKept)
            {
                spare.Push(buffer);
            }
        }
    }
}
