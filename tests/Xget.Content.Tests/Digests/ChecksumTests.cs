namespace Xget.Content.Tests;

public sealed class ChecksumTests
{
    private const uint Modulus = 65521;

    private delegate void Kernel(ref uint a, ref uint b, ref ReadOnlySpan<byte> run);

    [Fact]
    public void Adler32_of_known_texts()
    {
        Assert.Equal(1u, Adler32.Append(Adler32.Initial, default));
        Assert.Equal(0x11E60398u, Adler32.Append(Adler32.Initial, "Wikipedia"u8));
    }

    [Fact]
    public void Adler32_is_that_of_RFC_1950_for_every_length()
    {
        var random = new Random(3);
        var bytes = new byte[20_000];
        random.NextBytes(bytes);
        for (var length = 0; length < bytes.Length; length += length < 600 ? 1 : 97)
            Assert.Equal(Naive(1, bytes.AsSpan(0, length)), Adler32.Append(1, bytes.AsSpan(0, length)));
    }

    [Fact]
    public void Adler32_does_not_overflow_on_the_largest_bytes_and_sums()
    {
        var bytes = new byte[100_000];
        bytes.AsSpan().Fill(255);
        var start = ((Modulus - 1) << 16) | (Modulus - 1);
        Assert.Equal(Naive(start, bytes), Adler32.Append(start, bytes));
    }

    [Fact]
    public void Each_vector_kernel_gives_the_scalar_sums()
    {
        List<Kernel> kernels = [Adler32.AppendVectors128];
        if (System.Runtime.Intrinsics.X86.Avx2.IsSupported)
            kernels.Add(Adler32.AppendVectors256);
        var random = new Random(4);
        foreach (var kernel in kernels)
            for (var length = 0; length <= 4096; length += random.Next(1, 40))
            {
                var bytes = new byte[length];
                if (length % 3 == 0)
                    bytes.AsSpan().Fill(255);
                else
                    random.NextBytes(bytes);
                uint a = Modulus - 1, b = Modulus - 1, expectedA = a, expectedB = b;
                ReadOnlySpan<byte> run = bytes;
                kernel(ref a, ref b, ref run);
                Assert.True(run.Length < 32);
                Adler32.AppendScalar(ref a, ref b, run);
                Adler32.AppendScalar(ref expectedA, ref expectedB, bytes);
                Assert.Equal((expectedA, expectedB), (a, b));
            }
    }

    [Fact]
    public void Adler32_of_two_parts_combines_to_that_of_the_whole()
    {
        var random = new Random(5);
        for (var round = 0; round < 500; round++)
        {
            var bytes = new byte[random.Next(200_000)];
            random.NextBytes(bytes);
            var cut = random.Next(bytes.Length + 1);
            var (first, second) = (Adler32.Append(1, bytes.AsSpan(0, cut)), Adler32.Append(1, bytes.AsSpan(cut)));
            Assert.Equal(Adler32.Append(1, bytes), Adler32.Combine(first, second, (ulong)(bytes.Length - cut)));
        }
    }

    [Fact]
    public void Adler32_of_zeros_needs_no_zeros()
    {
        var random = new Random(6);
        for (var round = 0; round < 100; round++)
        {
            var start = Naive(1, BitConverter.GetBytes(random.NextInt64()));
            var count = random.Next(300_000);
            Assert.Equal(Naive(start, new byte[count]), Adler32.AppendZeros(start, (ulong)count));
        }
    }

    [Fact]
    public void Lengths_beyond_32_bits_combine()
    {
        const ulong Length = (1UL << 40) + 12345;
        var zeros = Adler32.AppendZeros(1, Length);
        var text = Naive(1, "text"u8);
        Assert.Equal(Adler32.AppendZeros(text, Length), Adler32.Combine(text, zeros, Length));
    }

    [Fact]
    public void Crc32C_of_the_check_string_and_of_RFC_3720s_zeros()
    {
        Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8));
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
    }

    private static uint Naive(uint adler, ReadOnlySpan<byte> bytes)
    {
        var (a, b) = (adler & 0xffff, adler >> 16);
        foreach (var value in bytes)
        {
            a = (a + value) % Modulus;
            b = (b + a) % Modulus;
        }
        return (b << 16) | a;
    }
}
