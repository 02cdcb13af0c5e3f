using System.Buffers.Binary;
using System.Numerics;

namespace Xget.Content.Tests;

/// <summary>
/// BLAKE3 as its paper writes it down (section 2), with nothing done for speed: the witness of the digests, slow and simple.
/// </summary>
internal static class ReferenceBlake3
{
    private const int BlockLength = 64;
    private const int ChunkLength = 1024;

    private static readonly uint[] Iv =
        [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19];

    private static readonly int[] Permutation = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];

    [Flags]
    private enum Flag : uint
    {
        None = 0,
        ChunkStart = 1,
        ChunkEnd = 2,
        Parent = 4,
        Root = 8,
    }

    /// <summary>The 32 bytes of the hash.</summary>
    public static byte[] HashData(ReadOnlySpan<byte> bytes)
    {
        byte[] hash = new byte[32];
        uint[] words = Subtree(bytes, 0, Flag.Root);
        for (int i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(hash.AsSpan(4 * i), words[i]);
        }

        return hash;
    }

    // The left one is the largest complete tree that leaves something for the right one.
    private static uint[] Subtree(ReadOnlySpan<byte> bytes, ulong chunk, Flag root)
    {
        if (bytes.Length <= ChunkLength)
        {
            return Chunk(bytes, chunk, root);
        }

        int leftChunks = (int)BitOperations.RoundUpToPowerOf2((uint)((bytes.Length + ChunkLength - 1) / ChunkLength)) / 2;
        uint[] left = Subtree(bytes[..(leftChunks * ChunkLength)], chunk, Flag.None);
        uint[] right = Subtree(bytes[(leftChunks * ChunkLength)..], chunk + (ulong)leftChunks, Flag.None);
        return Compress(Iv, [.. left, .. right], 0, BlockLength, Flag.Parent | root);
    }

    private static uint[] Chunk(ReadOnlySpan<byte> bytes, ulong counter, Flag root)
    {
        uint[] value = Iv;
        Flag start = Flag.ChunkStart;
        while (bytes.Length > BlockLength)
        {
            value = Compress(value, Words(bytes[..BlockLength]), counter, BlockLength, start);
            bytes = bytes[BlockLength..];
            start = Flag.None;
        }

        return Compress(value, Words(bytes), counter, (uint)bytes.Length, start | Flag.ChunkEnd | root);
    }

    private static uint[] Words(ReadOnlySpan<byte> bytes)
    {
        byte[] block = new byte[BlockLength];
        bytes.CopyTo(block);
        return [.. Enumerable.Range(0, 16).Select(i => BinaryPrimitives.ReadUInt32LittleEndian(block.AsSpan(4 * i)))];
    }

    private static uint[] Compress(uint[] value, uint[] message, ulong counter, uint length, Flag flags)
    {
        uint[] v = [.. value, .. Iv[..4], (uint)counter, (uint)(counter >> 32), length, (uint)flags];
        for (int round = 0; round < 7; round++)
        {
            Mix(v, message);
            message = [.. Permutation.Select(i => message[i])];
        }

        return [.. Enumerable.Range(0, 8).Select(i => v[i] ^ v[i + 8])];
    }

    private static void Mix(uint[] v, uint[] m)
    {
        for (int i = 0; i < 4; i++)
        {
            G(v, i, 4 + i, 8 + i, 12 + i, m[2 * i], m[2 * i + 1]);
        }

        for (int i = 0; i < 4; i++)
        {
            G(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[8 + 2 * i], m[9 + 2 * i]);
        }
    }

    private static void G(uint[] v, int a, int b, int c, int d, uint x, uint y)
    {
        v[a] += v[b] + x;
        v[d] = BitOperations.RotateRight(v[d] ^ v[a], 16);
        v[c] += v[d];
        v[b] = BitOperations.RotateRight(v[b] ^ v[c], 12);
        v[a] += v[b] + y;
        v[d] = BitOperations.RotateRight(v[d] ^ v[a], 8);
        v[c] += v[d];
        v[b] = BitOperations.RotateRight(v[b] ^ v[c], 7);
    }
}
