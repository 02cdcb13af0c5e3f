using System.Buffers;

namespace Xget.Content.Store;

/// <summary>A rented array of exactly the wanted length, given back when disposed.</summary>
internal readonly struct PooledBuffer(int length) : IDisposable
{
    private readonly byte[] _array = ArrayPool<byte>.Shared.Rent(length);

    public Span<byte> Span => _array.AsSpan(0, length);

    public void Dispose() => ArrayPool<byte>.Shared.Return(_array);
}
