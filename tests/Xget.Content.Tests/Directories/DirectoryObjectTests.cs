using System.Collections.Immutable;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Xget.Content.Tests;

public sealed class DirectoryObjectTests
{
    private static readonly EntryAttributes Self = new() { Type = EntryType.Directory, Mode = 0x1ed, LinkCount = 2 };
    private static readonly EntryAttributes File = new() { Type = EntryType.Regular, Mode = 0x1a4 };

    [Fact]
    public void The_example_of_FORMATS_has_every_field_where_the_page_says()
    {
        var directory = DirectoryObject.Of(
            new EntryAttributes
            {
                Type = EntryType.Directory, Mode = 0x1ed, Mtime = new Timestamp(1700000000, 0), LinkCount = 2,
            },
            [
                new DirectoryEntry
                {
                    Name = FileName.Of("link"),
                    Attributes = new EntryAttributes
                    {
                        Type = EntryType.Symlink, Mode = 0x1ff, Mtime = new Timestamp(-1, 999999999), Size = 5,
                        LinkIdentity = 0x2a, LinkCount = 2, SymlinkTarget = Encoding.ASCII.GetBytes("hello"),
                    },
                },
                new DirectoryEntry
                {
                    Name = FileName.Of("hello"),
                    Attributes = new EntryAttributes
                    {
                        Type = EntryType.Regular, Mode = 0x1a4, Uid = 1000, Gid = 100,
                        Mtime = new Timestamp(1700000001, 123456789), Size = 6,
                        Xattrs = [new Xattr(Encoding.ASCII.GetBytes("user.note"), Encoding.ASCII.GetBytes("hi"))],
                    },
                    Data = new DataReference(ChunkTable.Of("hello\n"u8).Content, 0, 6),
                },
            ]);
        var example = FormatsPage.Example("directory-object");
        Assert.Equal(example, directory.Encode());
        Assert.Equal(FormatsPage.DigestAfter("directory-object"), ChunkTable.Of(example).Content.ToString());
        AssertReads(directory, example);
    }

    [Fact]
    public void A_file_in_a_pack_has_its_own_digest_among_the_xattrs_and_reads_back_without_it_there()
    {
        var own = ChunkTable.Of("hello\n"u8).Content;
        var example = FormatsPage.Example("own-digest");
        Assert.Equal(OwnDigestXattr.EncodedLength, example.Length);
        foreach (var names in new[] { "", "a", "user.x", "a user.x" })
        {
            ImmutableArray<Xattr> xattrs = [.. names.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(name => new Xattr(Encoding.ASCII.GetBytes(name), [1]))];
            DirectoryEntry entry = new()
            {
                Name = FileName.Of("n"), Attributes = File with { Size = 6, Xattrs = xattrs },
                Data = new DataReference(Digest.Of("pack"u8), 100, 6), OwnDigest = own,
            };
            var encoded = DirectoryObject.Of(Self, [entry]).Encode();
            Assert.True(encoded.AsSpan().IndexOf(example) > 0);
            Assert.True(DirectoryObject.TryDecode(encoded, out var read, out var reason), reason);
            Assert.Equal(entry, Assert.Single(read.Entries));
            Assert.Equal(own, read.Entries[0].OwnDigest);
            Assert.Equal(encoded, read.Encode());
        }
    }

    [Fact]
    public void Without_one_only_a_file_at_the_start_of_its_content_has_an_own_digest()
    {
        var digest = Digest.Of("x"u8);
        var file = new DirectoryEntry
        {
            Name = FileName.Of("n"), Attributes = File with { Size = 6 }, Data = new DataReference(digest, 0, 6),
        };
        Assert.Equal(digest, file.OwnDigest);
        Assert.Null((file with { Data = new DataReference(digest, 1, 6) }).OwnDigest);
        Assert.Null((file with { Attributes = File, Data = default }).OwnDigest);
        Assert.Null(new DirectoryEntry { Name = file.Name, Attributes = Self, Data = file.Data }.OwnDigest);
    }

    [Fact]
    public void An_own_digest_where_none_can_be_is_refused()
    {
        Assert.Throws<ArgumentException>(() => DirectoryObject.Of(
            Self, [new DirectoryEntry { Name = FileName.Of("n"), Attributes = File, OwnDigest = default(Digest) }]));
        var name = OwnDigestXattr.Name.ToArray();
        Refused(File with { Xattrs = [new Xattr(name, new byte[32])] });
        AssertRefused(WithXattr(Self, new Xattr(name, new byte[32])), "an own digest of what has no bytes");
        AssertRefused(WithXattr(Self, new Xattr(name, new byte[31])), "an own digest that is none");
    }

    [Fact]
    public void A_directory_reads_back_whatever_is_in_it()
    {
        var random = new Random(9);
        for (var round = 0; round < 500; round++)
        {
            var directory = RandomDirectory.Make(random);
            AssertReads(directory, directory.Encode());
        }
    }

    [Fact]
    public void Bytes_that_read_are_the_only_encoding_of_what_they_say()
    {
        var random = new Random(10);
        var accepted = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var encoded = RandomDirectory.Make(random).Encode();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                encoded[random.Next(encoded.Length)] = (byte)random.Next(256);
            if (!DirectoryObject.TryDecode(encoded, out var directory, out var reason))
            {
                Assert.NotEmpty(reason);
                continue;
            }
            accepted++;
            Assert.Equal(encoded, directory.Encode());
        }
        Assert.InRange(accepted, 1000, 19_000);
    }

    [Fact]
    public void Any_bytes_after_a_good_header_are_refused_with_a_reason()
    {
        var header = FormatsPage.Example("directory-object")[..12];
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
            !DirectoryObject.TryDecode([.. header, .. bytes], out _, out var reason) && reason.Length > 0)
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Every_shorter_and_longer_object_is_refused()
    {
        var example = FormatsPage.Example("directory-object");
        for (var length = 0; length < example.Length; length++)
            Assert.False(DirectoryObject.TryDecode(example.AsSpan(0, length), out _, out _));
        AssertRefused([.. example, 0], "bytes after the last entry");
    }

    [Fact]
    public void Every_flipped_bit_changes_the_contents_digest()
    {
        var example = FormatsPage.Example("directory-object");
        var digest = ChunkTable.Of(example).Content;
        for (var bit = 0; bit < example.Length * 8; bit++)
        {
            var flipped = (byte[])example.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(digest, ChunkTable.Of(flipped).Content);
        }
    }

    [Fact]
    public void A_count_that_the_bytes_cannot_back_allocates_nothing()
    {
        var encoded = DirectoryObject.Of(Self, []).Encode();
        encoded.AsSpan(8, 4).Fill(0xff);
        DirectoryObject.TryDecode(encoded, out _, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(encoded, "directory object cut short");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    [Fact]
    public void An_unknown_version_is_refused_by_its_number()
    {
        var encoded = DirectoryObject.Of(Self, []).Encode();
        encoded[4] = 2;
        AssertRefused(encoded, "unknown directory object version 2");
    }

    [Fact]
    public void Names_out_of_order_twice_or_hostile_are_refused()
    {
        AssertRefused(WithNames("b", "a"), "names not in order");
        AssertRefused(WithNames("a", "a"), "names not in order");
        AssertRefused(WithNames("ab", "a/"), "name contains '/' or NUL");
        AssertRefused(WithNames("."), "name is . or ..");
        AssertRefused(WithNames("aa", ".."), "name is . or ..");
        AssertRefused(WithNames("a\0"), "name contains '/' or NUL");
    }

    [Fact]
    public void Values_that_do_not_go_together_cannot_be_made()
    {
        var digest = Digest.Of("x"u8);
        Refused(File with { Type = EntryType.None });
        Refused(File with { Type = (EntryType)8 });
        Refused(File with { Mode = 0x1000 });
        Refused(File with { Mtime = new Timestamp(0, 1_000_000_000) });
        Refused(File with { Size = 5 });                                                    // no data
        Refused(File with { Size = 5 }, new DataReference(digest, 0, 4));
        Refused(File with { Size = 5 }, new DataReference(digest, ulong.MaxValue - 2, 5));
        Refused(File, new DataReference(digest, 0, 0));                                     // empty, yet a digest
        Refused(File with { RdevMajor = 1 });
        Refused(File with { LinkCount = 0 });
        Refused(File with { LinkCount = 2 });
        Refused(File with { LinkIdentity = 7 });
        Refused(File with { SymlinkTarget = [1] });
        Refused(File with { Type = EntryType.Symlink });
        Refused(File with { Type = EntryType.Symlink, SymlinkTarget = [1, 0], Size = 2 });
        Refused(File with { Type = EntryType.Symlink, SymlinkTarget = new byte[4096], Size = 4096 });
        Refused(File with { Type = EntryType.Fifo, Size = 1 });
        Refused(Self, new DataReference(digest, ulong.MaxValue - 2, 5));
        Refused(Self);
        Refused(File with { Xattrs = [new Xattr([2], []), new Xattr([1], [])] });
        Refused(File with { Xattrs = [new Xattr([1], []), new Xattr([1], [])] });
        Refused(File with { Xattrs = [new Xattr([], [])] });
        Refused(File with { Xattrs = [new Xattr([1], new byte[65537])] });
        Assert.Throws<ArgumentException>(() => DirectoryObject.Of(File, []));
        DirectoryEntry entry = new() { Name = FileName.Of("n"), Attributes = File };
        Assert.Throws<ArgumentException>(() => DirectoryObject.Of(Self, [entry, entry]));
    }

    [Fact]
    public void Every_name_is_found_and_no_other()
    {
        var names = Enumerable.Range(0, 100).Select(i => FileName.Of($"n{i * 2}")).ToList();
        var directory = DirectoryObject.Of(Self, names.Select(name => new DirectoryEntry { Name = name, Attributes = File }));
        Assert.All(names, name => Assert.Equal(name, directory.Find(name.Bytes)!.Name));
        Assert.Null(directory.Find("n1"u8));
        Assert.Null(directory.Find(""u8));
        Assert.Null(directory.Find("zzz"u8));
    }

    private static void Refused(EntryAttributes attributes, DataReference data = default) =>
        Assert.Throws<ArgumentException>(() => DirectoryObject.Of(
            Self, [new DirectoryEntry { Name = FileName.Of("n"), Attributes = attributes, Data = data }]));

    private static void AssertRefused(byte[] encoded, string expected)
    {
        Assert.False(DirectoryObject.TryDecode(encoded, out var directory, out var reason));
        Assert.Null(directory);
        Assert.Equal(expected, reason);
    }

    // An attribute of a name of the same length is written first, and then overwritten by what could not be written.
    private static byte[] WithXattr(EntryAttributes self, Xattr xattr)
    {
        var stand = new byte[xattr.Name.Length];
        stand.AsSpan().Fill((byte)'s');
        var encoded = DirectoryObject.Of(self with { Xattrs = [new Xattr(stand, xattr.Value)] }, []).Encode();
        xattr.Name.CopyTo(encoded, encoded.AsSpan().IndexOf(stand));
        return encoded;
    }

    private static void AssertReads(DirectoryObject expected, byte[] encoded)
    {
        Assert.True(DirectoryObject.TryDecode(encoded, out var read, out var reason), reason);
        Assert.Equal(expected.Self, read.Self);
        Assert.Equal(expected.Entries.AsEnumerable(), read.Entries.AsEnumerable());
    }

    // Names of the same lengths are written first, and then overwritten by what could not be written.
    private static byte[] WithNames(params string[] names)
    {
        var stand = names.Select((name, i) => new string((char)('p' + i), name.Length)).ToList();
        var encoded = DirectoryObject.Of(
            Self, stand.Select(name => new DirectoryEntry { Name = FileName.Of(name), Attributes = File })).Encode();
        for (var i = 0; i < names.Length; i++)
        {
            var place = encoded.AsSpan().IndexOf(Encoding.ASCII.GetBytes($"{(char)names[i].Length}{stand[i]}")) + 1;
            Encoding.ASCII.GetBytes(names[i]).CopyTo(encoded, place);
        }
        return encoded;
    }
}
