using System.Collections.Concurrent;

namespace Xget.Content;

/// <summary>Digests of chunks that hold only zeros: a hole is known by them without being read.</summary>
internal static class ZeroChunk
{
    private const int Piece = 4 << 10;

    private static readonly ConcurrentDictionary<int, Digest> Known = [];

    /// <summary>The digest of <paramref name="length"/> zero bytes.</summary>
    public static Digest DigestOf(int length)
    {
        if (Known.TryGetValue(length, out var known))
            return known;
        Span<byte> zeros = stackalloc byte[Piece];
        zeros.Clear();
        var hash = new Blake3();
        for (var left = length; left > 0; left -= Piece)
            hash.Append(zeros[..Math.Min(left, Piece)]);
        var digest = hash.Finish();
        // Only the lengths of whole chunks come again and again; others would make this grow without bound.
        if (int.IsPow2(length))
            Known[length] = digest;
        return digest;
    }
}
