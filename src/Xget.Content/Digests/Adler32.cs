using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Xget.Content;

/// <summary>Adler-32 (RFC 1950 section 8.2): the checksum that the tool of 2009 compares.</summary>
/// <remarks>
/// Two sums modulo 65521: the low half of the bytes, the high half of the low half's values. Pure functions.
/// </remarks>
public static class Adler32
{
    /// <summary>The checksum of no bytes.</summary>
    public const uint Initial = 1;

    private const uint Modulus = 65521;

    // Neither sum can leave 32 bits within 5552 bytes (zlib's NMAX), nor a place's own sum 16 bits within 257 vectors.
    private const int RunLength = 256 * 16;

    /// <summary>The checksum of what <paramref name="adler"/> covers followed by <paramref name="bytes"/>.</summary>
    public static uint Append(uint adler, ReadOnlySpan<byte> bytes)
    {
        var (a, b) = (adler & 0xffff, adler >> 16);
        while (bytes.Length > 0)
        {
            var run = bytes[..Math.Min(bytes.Length, RunLength)];
            bytes = bytes[run.Length..];
            if (Avx2.IsSupported)
                AppendVectors256(ref a, ref b, ref run);
            else if (Vector128.IsHardwareAccelerated)
                AppendVectors128(ref a, ref b, ref run);
            AppendScalar(ref a, ref b, run);
            a %= Modulus;
            b %= Modulus;
        }
        return (b << 16) | a;
    }

    /// <summary>
    /// The checksum of what <paramref name="a"/> covers followed by the <paramref name="lengthOfB"/> bytes that
    /// <paramref name="b"/> covers.
    /// </summary>
    public static uint Combine(uint a, uint b, ulong lengthOfB)
    {
        var length = (uint)(lengthOfB % Modulus);
        var (a1, b1) = (a & 0xffff, a >> 16);
        var (a2, b2) = (b & 0xffff, b >> 16);
        // b's sums started at 1; here they start at a1, which adds a1 - 1 to every step's low sum.
        var shift = (a1 + Modulus - 1) % Modulus;
        var low = (a2 + shift) % Modulus;
        var high = (uint)((b1 + b2 + (ulong)length * shift) % Modulus);
        return (high << 16) | low;
    }

    /// <summary>
    /// The checksum of what <paramref name="adler"/> covers followed by <paramref name="count"/> zero bytes.
    /// </summary>
    public static uint AppendZeros(uint adler, ulong count)
    {
        var (a, b) = (adler & 0xffff, adler >> 16);
        b = (uint)((b + count % Modulus * a) % Modulus);
        return (b << 16) | a;
    }

    internal static void AppendScalar(ref uint a, ref uint b, ReadOnlySpan<byte> run)
    {
        foreach (var value in run)
        {
            a += value;
            b += a;
        }
    }

    internal static void AppendVectors256(ref uint a, ref uint b, ref ReadOnlySpan<byte> run)
    {
        var weights = Vector256.Create(
            32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17,
            16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, (sbyte)1);
        var ones = Vector256.Create((short)1);
        Vector256<uint> sums = default, before = default, weighted = default;
        var count = run.Length / 32;
        ref var first = ref MemoryMarshal.GetReference(run);
        for (var i = 0; i < count; i++)
        {
            var bytes = Vector256.LoadUnsafe(ref first, (nuint)i * 32);
            before += sums;
            sums += Avx2.SumAbsoluteDifferences(bytes, Vector256<byte>.Zero).AsUInt32();
            weighted += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(bytes, weights), ones).AsUInt32();
        }
        b += (uint)count * 32 * a + 32 * Vector256.Sum(before) + Vector256.Sum(weighted);
        a += Vector256.Sum(sums);
        run = run[(count * 32)..];
    }

    internal static void AppendVectors128(ref uint a, ref uint b, ref ReadOnlySpan<byte> run)
    {
        Vector128<uint> before = default;
        Vector128<ushort> low = default, high = default;    // a sum for each of the 16 places
        var count = run.Length / 16;
        ref var first = ref MemoryMarshal.GetReference(run);
        for (var i = 0; i < count; i++)
        {
            var (lower, upper) = Vector128.Widen(Vector128.LoadUnsafe(ref first, (nuint)i * 16));
            var (low0, low1) = Vector128.Widen(low);
            var (high0, high1) = Vector128.Widen(high);
            before += low0 + low1 + high0 + high1;
            low += lower;
            high += upper;
        }
        b += (uint)count * 16 * a + 16 * Vector128.Sum(before);
        b += Weighted(low, 16) + Weighted(high, 8);
        a += Total(low) + Total(high);
        run = run[(count * 16)..];
    }

    private static uint Weighted(Vector128<ushort> sums, uint weight)
    {
        var (low, high) = Vector128.Widen(sums);
        var weights = Vector128.Create(weight, weight - 1, weight - 2, weight - 3);
        return Vector128.Sum(low * weights) + Vector128.Sum(high * (weights - Vector128.Create(4u)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Total(Vector128<ushort> sums)
    {
        var (low, high) = Vector128.Widen(sums);
        return Vector128.Sum(low + high);
    }
}
