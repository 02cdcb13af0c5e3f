#if XGET_SHA256_MULTI_BLOCK
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Xget.Content;

internal static unsafe partial class Sha256Pair
{
    private const int BlockSize = 64;
    private const int Words = 8;
    private const int ShaBit = 1 << 29;

    // With AVX alone the function needs four or eight runs to be worth it.
    private static readonly bool HasShaInstructions = (X86Base.CpuId(7, 0).Ebx & ShaBit) != 0;

    // FIPS 180-4, 5.3.3.
    private static ReadOnlySpan<uint> Initial =>
    [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ];

    private static (Digest, Digest) Together(ReadOnlySpan<byte> one, ReadOnlySpan<byte> two)
    {
        State state = default;
        for (int word = 0; word < Words; word++)
            state[word][0] = state[word][1] = Initial[word];
        fixed (byte* first = one, second = two)
            Append(ref state, first, second, one.Length / BlockSize);

        // What FIPS 180-4 (5.1.1) appends to whole blocks is the same for both.
        byte* end = stackalloc byte[BlockSize];
        new Span<byte>(end, BlockSize).Clear();
        end[0] = 0x80;
        BinaryPrimitives.WriteInt64BigEndian(new Span<byte>(end, BlockSize)[^8..], 8L * one.Length);
        Append(ref state, end, end, 1);
        return (Result(ref state, 0), Result(ref state, 1));
    }

    private static void Append(ref State state, byte* one, byte* two, int blocks)
    {
        Run* runs = stackalloc Run[Lane.Least];
        (runs[0], runs[1], runs[2], runs[3]) = (new((nint)one, blocks), new((nint)two, blocks), default, default);
        fixed (State* s = &state)
            sha256_multi_block(s, runs, 1);
    }

    private static Digest Result(ref State state, int run)
    {
        Span<byte> digest = stackalloc byte[Digest.Size];
        for (int word = 0; word < Words; word++)
            BinaryPrimitives.WriteUInt32BigEndian(digest[(4 * word)..], state[word][run]);
        return Digest.Read(digest);
    }

    /// <summary>SHA256_MB_CTX: a word of the state of eight runs, then the next word.</summary>
    [InlineArray(Words)]
    private struct State
    {
        private Lane _first;
    }

    [InlineArray(8)]
    private struct Lane
    {
        internal const int Least = 4;
        private uint _first;
    }

    /// <summary>HASH_DESC.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Run(nint Start, int Blocks);

    /// <param name="state">Of all runs.</param>
    /// <param name="runs">Four times <paramref name="fours"/>; those without blocks are passed over.</param>
    /// <param name="fours">1 or 2.</param>
    [LibraryImport("libcrypto.so.3")]
    private static partial void sha256_multi_block(State* state, Run* runs, int fours);
}
#endif
