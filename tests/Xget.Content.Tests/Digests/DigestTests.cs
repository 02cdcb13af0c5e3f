using System.Diagnostics;
using System.Text;

namespace Xget.Content.Tests;

public sealed class DigestTests
{
    // Of the algorithm's own test vectors: bytes 0 to 250, again and again.
    [Theory]
    [InlineData(0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262")]
    [InlineData(1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213")]
    [InlineData(1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11")]
    [InlineData(1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7")]
    [InlineData(1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444")]
    [InlineData(2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a")]
    [InlineData(102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085")]
    public void The_vectors_of_BLAKE3_come_out(int length, string digest)
    {
        byte[] bytes = [.. Enumerable.Range(0, length).Select(i => (byte)(i % 251))];
        Assert.Equal(digest, Digest.Of(bytes).ToString());
        Assert.Equal(digest, Convert.ToHexStringLower(ReferenceBlake3.HashData(bytes)));
    }

    [Fact]
    public void A_digest_of_pieces_is_the_references_digest_of_the_whole()
    {
        var random = new Random(1);
        for (var round = 0; round < 100; round++)
        {
            var bytes = new byte[random.Next(40_000)];
            random.NextBytes(bytes);
            var hash = new Blake3();
            for (var start = 0; start < bytes.Length;)
            {
                var piece = Math.Min(random.Next(3000), bytes.Length - start);
                hash.Append(bytes.AsSpan(start, piece));
                start += piece;
            }
            Assert.Equal(ReferenceBlake3.HashData(bytes), Bytes(hash.Finish()));
        }
    }

    [SkippableTheory]
    [InlineData(4096)]
    [InlineData(32 << 10)]
    [InlineData(65_537)]
    [InlineData(1 << 20)]
    public async Task It_is_what_b3sum_says(int length)
    {
        Prerequisite.Program("b3sum");
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        using var b3sum = Process.Start(new ProcessStartInfo("b3sum", ["--no-names"])
            { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await b3sum.StandardInput.BaseStream.WriteAsync(bytes);
        b3sum.StandardInput.Close();
        Assert.Equal((await b3sum.StandardOutput.ReadToEndAsync()).TrimEnd(), Digest.Of(bytes).ToString());
    }

    [Fact]
    public void A_finished_hash_starts_anew()
    {
        var hash = new Blake3();
        hash.Append("first"u8);
        hash.Finish();
        hash.Append("second"u8);
        Assert.Equal(Digest.Of("second"u8), hash.Finish());
    }

    [Fact]
    public void Text_reads_back_and_only_64_lower_case_digits_are_text_of_a_digest()
    {
        var digest = Digest.Of("x"u8);
        var text = Encoding.ASCII.GetBytes(digest.ToString());
        Assert.True(Digest.TryParse(text, out var read));
        Assert.Equal(digest, read);
        Assert.False(Digest.TryParse(text.AsSpan(1), out _));
        Assert.False(Digest.TryParse([.. text, (byte)'0'], out _));
        Assert.False(Digest.TryParse(Encoding.ASCII.GetBytes(digest.ToString().ToUpperInvariant()), out _));
        for (var i = 0; i < text.Length; i++)
            foreach (var bad in "g/:`GF \0"u8.ToArray())
            {
                var changed = (byte[])text.Clone();
                changed[i] = bad;
                Assert.False(Digest.TryParse(changed, out _));
            }
    }

    [Fact]
    public void The_order_is_that_of_the_bytes()
    {
        var random = new Random(2);
        for (var round = 0; round < 1000; round++)
        {
            byte[] a = new byte[Digest.Size], b = new byte[Digest.Size];
            random.NextBytes(a);
            a.CopyTo(b, 0);
            b[random.Next(b.Length)] = (byte)random.Next(256);
            var expected = Math.Sign(a.AsSpan().SequenceCompareTo(b));
            Assert.Equal(expected, Digest.Read(a).CompareTo(Digest.Read(b)));
            Assert.Equal(expected == 0, Digest.Read(a) == Digest.Read(b));
        }
    }

    private static byte[] Bytes(Digest digest)
    {
        var bytes = new byte[Digest.Size];
        digest.CopyTo(bytes);
        return bytes;
    }
}
