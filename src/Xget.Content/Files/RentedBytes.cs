using System.Buffers;

namespace Xget.Content;

/// <summary>A pooled buffer that goes back to its pool when it is disposed, once.</summary>
internal sealed class RentedBytes(int length) : IDisposable
{
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(length);

    public Memory<byte> Memory => _buffer.AsMemory(0, length);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
            ArrayPool<byte>.Shared.Return(buffer);
    }
}
