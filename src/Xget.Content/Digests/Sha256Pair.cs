namespace Xget.Content;

/// <summary>
/// SHA-256 of two runs of bytes of one length at the same time. Each step of it waits for the one before, so a processor
/// with SHA instructions has time for another run in between: two take two thirds of the time (AMD EPYC). libcrypto has
/// this for its own use (sha256-mb-x86_64.pl) and lets only those call it who link it statically: so the native binary on
/// x86-64 has it, and all others hash one run after the other.
/// </summary>
internal static unsafe partial class Sha256Pair
{
    /// <summary>The digests of both.</summary>
    public static (Digest, Digest) Of(ReadOnlySpan<byte> one, ReadOnlySpan<byte> two)
    {
#if XGET_SHA256_MULTI_BLOCK
        if (HasShaInstructions && one.Length == two.Length && one.Length > 0 && one.Length % BlockSize == 0)
            return Together(one, two);
#endif
        return (Digest.Of(one), Digest.Of(two));
    }
}
