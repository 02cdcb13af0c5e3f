using System.Buffers;

namespace Xget.Node.Fetching;

/// <summary>
/// A pooled buffer that is taken from the pool when its first byte comes: what a node has asked for and waits for holds no
/// memory, and what comes goes where the last bytes were just hashed. Not thread-safe: one side has it at a time.
/// </summary>
internal sealed class LateBuffer : MemoryManager<byte>
{
    private byte[]? _bytes;

    /// <summary>Bytes; set before its memory is asked for.</summary>
    internal int Length { get; set; }

    public override Memory<byte> Memory => CreateMemory(Length);

    public override Span<byte> GetSpan() => (_bytes ??= ArrayPool<byte>.Shared.Rent(Length)).AsSpan(0, Length);

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        GetSpan();
        return _bytes.AsMemory(elementIndex).Pin();
    }

    public override void Unpin()
    {
        // The handle does it.
    }

    /// <summary>Gives it back to the pool; the next byte would take another one.</summary>
    public void Return()
    {
        if (_bytes is { } bytes)
        {
            _bytes = null;
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    protected override void Dispose(bool disposing) => Return();
}
