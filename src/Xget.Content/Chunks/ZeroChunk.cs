using System.Collections.Concurrent;

namespace Xget.Content;

/// <summary>Digests of chunks that hold only zeros: a hole is known by them without being read.</summary>
internal static class ZeroChunk
{
    private static readonly byte[] Zeros = new byte[64 << 10];
    private static readonly ConcurrentDictionary<int, Digest> Known = [];

    /// <summary>The digest of <paramref name="length"/> zero bytes.</summary>
    public static Digest DigestOf(int length)
    {
        if (Known.TryGetValue(length, out var known))
            return known;
        var sha = new Sha256();
        for (var left = length; left > 0; left -= Zeros.Length)
            sha.Append(Zeros.AsSpan(0, Math.Min(left, Zeros.Length)));
        var digest = sha.Finish();
        // Only the lengths of whole chunks come again and again; others would make this grow without bound.
        if (int.IsPow2(length))
            Known[length] = digest;
        return digest;
    }
}
