using System.Security.Cryptography;
using System.Text;

namespace Xget.Content.Tests;

public sealed class DigestTests
{
    [Theory]
    [InlineData("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")]
    public void The_examples_of_FIPS_180_4_come_out(string text, string digest) =>
        Assert.Equal(digest, Digest.Of(Encoding.ASCII.GetBytes(text)).ToString());

    [Fact]
    public void A_digest_of_pieces_is_the_frameworks_digest_of_the_whole()
    {
        var random = new Random(1);
        for (var round = 0; round < 300; round++)
        {
            var bytes = new byte[random.Next(20_000)];
            random.NextBytes(bytes);
            var sha = new Sha256();
            for (var start = 0; start < bytes.Length;)
            {
                var piece = Math.Min(random.Next(300), bytes.Length - start);
                sha.Append(bytes.AsSpan(start, piece));
                start += piece;
            }
            Assert.Equal(SHA256.HashData(bytes), Bytes(sha.Finish()));
            Assert.Equal(Digest.Of("next"u8), Digest.Read(SHA256.HashData("next"u8)));
        }
    }

    [Fact]
    public void A_finished_hash_starts_anew()
    {
        var sha = new Sha256();
        sha.Append("first"u8);
        sha.Finish();
        sha.Append("second"u8);
        Assert.Equal(Digest.Of("second"u8), sha.Finish());
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
