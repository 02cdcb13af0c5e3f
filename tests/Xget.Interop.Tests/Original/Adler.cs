namespace Xget.Interop.Tests.Original;

/// <summary>Adler-32 as RFC 1950 defines it, byte by byte: the oracle for <c>checksum</c>.</summary>
internal static class Adler
{
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint a = 1, b = 0;
        foreach (byte value in bytes)
        {
            a = (a + value) % 65521;
            b = (b + a) % 65521;
        }

        return (b << 16) | a;
    }
}
