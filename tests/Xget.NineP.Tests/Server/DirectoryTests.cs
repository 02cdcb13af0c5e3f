using System.Text;
using Mono.Unix.Native;

namespace Xget.NineP.Tests.Server;

/// <summary>Directories, attributes, links, extended attributes, and what is refused.</summary>
public sealed class DirectoryTests
{
    private static List<(string Name, ulong Offset, byte Type)> EntriesOf(byte[] reply)
    {
        List<(string, ulong, byte)> entries = [];
        ReadOnlySpan<byte> rest = new DataReply(Frames.BodyOf(reply)).Data;
        while (!rest.IsEmpty)
        {
            int length = DirectoryEntry.LengthOf(rest);
            Assert.True(length > 0, "only whole entries");
            DirectoryEntry entry = new(rest);
            entries.Add((Encoding.UTF8.GetString(entry.Name), entry.Offset, entry.Type));
            rest = rest[length..];
        }

        return entries;
    }

    private static List<string> NamesOfStats(byte[] reply, Dialect dialect)
    {
        List<string> names = [];
        ReadOnlySpan<byte> rest = new DataReply(Frames.BodyOf(reply)).Data;
        while (!rest.IsEmpty)
        {
            int length = StatRecord.LengthOf(rest, dialect);
            Assert.True(length > 0, "only whole records");
            names.Add(Encoding.UTF8.GetString(new StatRecord(rest[..length], dialect).Name));
            rest = rest[length..];
        }

        return names;
    }

    [Fact]
    public async Task A_listing_has_dots_types_and_whole_entries_only()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        rig.Tree.Root.AddDirectory("dir");
        rig.Tree.Root.AddLink("link", "hello");
        rig.Tree.Root.AddDevice("null", 0x21B6, 1, 3);
        await rig.ExpectAsync(Frames.LOpen(1, 0), MessageType.Rlopen);
        byte[] reply = await rig.ExpectAsync(Frames.ReadDir(1, 0, 0, 1000), MessageType.Rreaddir);
        Assert.Equal(
            [(".", 1, 4), ("..", 2, 4), ("hello", 3, 8), ("dir", 4, 4), ("link", 5, 10), ("null", 6, 2)],
            EntriesOf(reply));
        byte[] end = await rig.ExpectAsync(Frames.ReadDir(1, 0, 6, 1000), MessageType.Rreaddir);
        Assert.Empty(EntriesOf(end));
        end = await rig.ExpectAsync(Frames.ReadDir(1, 0, ulong.MaxValue, 1000), MessageType.Rreaddir);
        Assert.Empty(EntriesOf(end));
    }

    [Fact]
    public async Task A_listing_goes_on_at_the_offset_of_its_last_entry_and_is_one_snapshot()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        for (int i = 0; i < 100; i++)
        {
            rig.Tree.Root.AddFile($"file{i:D3}", "");
        }

        await rig.ExpectAsync(Frames.LOpen(1, 0), MessageType.Rlopen);
        List<string> names = [];
        ulong offset = 0;
        while (true)
        {
            byte[] reply = await rig.ExpectAsync(Frames.ReadDir(1, 0, offset, 111), MessageType.Rreaddir);
            if (EntriesOf(reply) is not [.., var last] entries)
            {
                break;
            }

            names.AddRange(entries.Select(e => e.Name));
            offset = last.Offset;
            rig.Tree.Root.AddFile($"late{offset}", "");
        }

        Assert.Equal([".", "..", "hello", .. Enumerable.Range(0, 100).Select(i => $"file{i:D3}")], names);
    }

    [Fact]
    public async Task A_count_that_no_entry_fits_is_refused_rather_than_taken_for_the_end()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        await rig.ExpectErrorAsync(Frames.ReadDir(1, 0, 0, 1000), Errno.EBADF);
        await rig.ExpectAsync(Frames.LOpen(1, 0), MessageType.Rlopen);
        await rig.ExpectErrorAsync(Frames.ReadDir(1, 0, 0, 24), Errno.EINVAL);
        await rig.ExpectErrorAsync(Frames.Read(1, 0, 0, 1000), Errno.EISDIR);
        await rig.OpenAsync(1, "hello");
        await rig.ExpectErrorAsync(Frames.ReadDir(1, 1, 0, 1000), Errno.ENOTDIR);
    }

    [Theory]
    [InlineData(Dialect.NineP2000)]
    [InlineData(Dialect.NineP2000u)]
    public async Task A_plain_directory_is_read_as_whole_stat_records(Dialect dialect)
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(dialect);
        for (int i = 0; i < 20; i++)
        {
            rig.Tree.Root.AddFile($"file{i:D2}", "");
        }

        await rig.ExpectAsync(Frames.Open(1, 0, 0), MessageType.Ropen);
        List<string> names = [];
        ulong offset = 0;
        while (true)
        {
            byte[] reply = await rig.ExpectAsync(Frames.Read(1, 0, offset, 200), MessageType.Rread);
            List<string> some = NamesOfStats(reply, dialect);
            if (some.Count == 0)
            {
                break;
            }

            names.AddRange(some);
            offset += Wire.U32(reply, 7);
        }

        Assert.Equal(["hello", .. Enumerable.Range(0, 20).Select(i => $"file{i:D2}")], names);
        await rig.ExpectAsync(Frames.Read(1, 0, 1, 200), MessageType.Rerror);
        await rig.ExpectAsync(Frames.Read(1, 0, 0, 10), MessageType.Rerror);
        byte[] again = await rig.ExpectAsync(Frames.Read(1, 0, 0, 200), MessageType.Rread);
        Assert.Equal("hello", NamesOfStats(again, dialect)[0]);
        // What is left of a buffer may be too small for the next record (Linux asks for it); the next read goes on there.
        offset = Wire.U32(again, 7);
        Assert.Empty(NamesOfStats(await rig.ExpectAsync(Frames.Read(1, 0, offset, 10), MessageType.Rread), dialect));
        Assert.NotEmpty(NamesOfStats(await rig.ExpectAsync(Frames.Read(1, 0, offset, 200), MessageType.Rread), dialect));
    }

    [Fact]
    public async Task A_plain_stat_has_owners_as_decimal_text_and_no_length_for_a_directory()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(Dialect.NineP2000);
        await rig.ExpectAsync(Frames.Walk(1, 0, 1, "hello"), MessageType.Rwalk);
        byte[] reply = await rig.ExpectAsync(Frames.Fid(MessageType.Tstat, 1, 1), MessageType.Rstat);
        StatRecord record = new Rstat(Frames.BodyOf(reply)).Record(Dialect.NineP2000);
        Assert.Equal("hello", Encoding.UTF8.GetString(record.Name));
        Assert.Equal("1000", Encoding.UTF8.GetString(record.Uid));
        Assert.Equal("100", Encoding.UTF8.GetString(record.Gid));
        Assert.Equal(0x1A4u, record.Mode);
        Assert.Equal(12u, record.Length);
        Assert.Equal(5u, record.Mtime);

        byte[] root = await rig.ExpectAsync(Frames.Fid(MessageType.Tstat, 1, 0), MessageType.Rstat);
        record = new Rstat(Frames.BodyOf(root)).Record(Dialect.NineP2000);
        Assert.Equal("/", Encoding.UTF8.GetString(record.Name));
        Assert.Equal(0x800001EDu, record.Mode);
        Assert.Equal(0u, record.Length);
    }

    [Fact]
    public async Task A_unix_stat_has_links_and_devices_in_its_extension()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(Dialect.NineP2000u);
        rig.Tree.Root.AddLink("link", "../target");
        rig.Tree.Root.AddDevice("null", 0x21B6, 1, 3);
        rig.Tree.Root.AddDevice("sda", 0x61B0, 8, 300);
        (string Name, uint Mode, string Extension)[] expected =
        [
            ("link", 0x020001FF, "../target"),
            ("null", 0x008001B6, "c 1 3"),
            ("sda", 0x008001B0, "b 8 300"),
        ];
        foreach ((string name, uint mode, string extension) in expected)
        {
            await rig.ExpectAsync(Frames.Walk(1, 0, 1, name), MessageType.Rwalk);
            byte[] reply = await rig.ExpectAsync(Frames.Fid(MessageType.Tstat, 1, 1), MessageType.Rstat);
            StatRecord record = new Rstat(Frames.BodyOf(reply)).Record(Dialect.NineP2000u);
            Assert.Equal(mode, record.Mode);
            Assert.Equal(extension, Encoding.UTF8.GetString(record.Extension));
            Assert.Equal((1000u, 100u), (record.NUid, record.NGid));
            await rig.ExpectAsync(Frames.Clunk(1, 1), MessageType.Rclunk);
        }
    }

    [Fact]
    public async Task Getattr_tells_what_was_asked_for_and_is_160_bytes_long()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        byte[] reply = await rig.ExpectAsync(Frames.GetAttributes(1, 0, 0x3FFF), MessageType.Rgetattr);
        Assert.Equal(160, reply.Length);
        Rgetattr getattr = new(Frames.BodyOf(reply));
        Assert.Equal(0x7FFu, getattr.Valid);
        Assert.Equal(rig.Tree.Root.Qid, getattr.Qid);
        Assert.Equal(rig.Tree.Root.Attributes, getattr.Attributes);
    }

    [Fact]
    public async Task Links_statfs_and_locks_are_answered()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        rig.Tree.Root.AddLink("link", "../target");
        await rig.ExpectAsync(Frames.Walk(1, 0, 1, "link"), MessageType.Rwalk);
        byte[] reply = await rig.ExpectAsync(Frames.Fid(MessageType.Treadlink, 1, 1), MessageType.Rreadlink);
        Assert.Equal("../target", Encoding.UTF8.GetString(new Rreadlink(Frames.BodyOf(reply)).Target));
        await rig.ExpectErrorAsync(Frames.Fid(MessageType.Treadlink, 1, 0), Errno.EINVAL);
        await rig.ExpectAsync(Frames.Fid(MessageType.Tstatfs, 1, 1), MessageType.Rstatfs);
        await rig.ExpectAsync(Frames.Raw((byte)MessageType.Tfsync, 1, 1, 0, 0, 0), MessageType.Rfsync);
        await rig.ExpectAsync(Frames.Raw((byte)MessageType.Tfsync, 1, 1, 0, 0, 0, 1, 0, 0, 0), MessageType.Rfsync);
        byte[] location = [1, .. new byte[16], 9, 0, 0, 0, 2, 0, (byte)'m', (byte)'e'];
        byte[] locked = await rig.ExpectAsync(
            Frames.Raw((byte)MessageType.Tlock, 1, [1, 0, 0, 0, 1, 0, 0, 0, 0, .. location[1..]]), MessageType.Rlock);
        Assert.Equal(0, locked[7]);
        byte[] free = await rig.ExpectAsync(
            Frames.Raw((byte)MessageType.Tgetlock, 1, [1, 0, 0, 0, .. location]), MessageType.Rgetlock);
        Assert.Equal([2, .. location[1..]], free[7..]);
    }

    [Fact]
    public async Task Extended_attributes_are_listed_and_read_through_a_fid_of_their_own()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        rig.Hello.Xattrs["user.a"] = Frames.Bytes("value");
        rig.Hello.Xattrs["user.b"] = [];
        await rig.ExpectAsync(Frames.Walk(1, 0, 1, "hello"), MessageType.Rwalk);

        byte[] list = await rig.ExpectAsync(Frames.XattrWalk(1, 1, 2, ""), MessageType.Rxattrwalk);
        Assert.Equal(14u, Wire.U64(list, 7));
        byte[] names = await rig.ExpectAsync(Frames.Read(1, 2, 0, 100), MessageType.Rread);
        Assert.Equal("user.a\0user.b\0", Encoding.UTF8.GetString(new DataReply(Frames.BodyOf(names)).Data));

        await rig.ExpectAsync(Frames.XattrWalk(1, 1, 3, "user.a"), MessageType.Rxattrwalk);
        byte[] value = await rig.ExpectAsync(Frames.Read(1, 3, 2, 100), MessageType.Rread);
        Assert.Equal("lue", Encoding.UTF8.GetString(new DataReply(Frames.BodyOf(value)).Data));
        value = await rig.ExpectAsync(Frames.Read(1, 3, ulong.MaxValue, 100), MessageType.Rread);
        Assert.Empty(new DataReply(Frames.BodyOf(value)).Data.ToArray());

        await rig.ExpectErrorAsync(Frames.XattrWalk(1, 1, 4, "user.none"), Errno.ENODATA);
        await rig.ExpectErrorAsync(Frames.Clunk(1, 4), Errno.EBADF);
        await rig.ExpectErrorAsync(Frames.XattrWalk(1, 1, 3, ""), Errno.EINVAL);
        await rig.ExpectErrorAsync(Frames.Walk(1, 3, 5), Errno.EINVAL);
        await rig.ExpectErrorAsync(Frames.LOpen(1, 3), Errno.EINVAL);
        await rig.ExpectErrorAsync(Frames.Write(1, 3, 0, [1]), Errno.EBADF);
        await rig.ExpectAsync(Frames.Clunk(1, 3), MessageType.Rclunk);
    }

    public static TheoryData<byte, byte[]> Changes => new()
    {
        { (byte)MessageType.Tlcreate, [0, 0, 0, 0, 1, 0, 120, .. new byte[12]] },
        { (byte)MessageType.Tsymlink, [0, 0, 0, 0, 1, 0, 120, 1, 0, 121, .. new byte[4]] },
        { (byte)MessageType.Tmknod, [0, 0, 0, 0, 1, 0, 120, .. new byte[16]] },
        { (byte)MessageType.Trename, [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 120] },
        { (byte)MessageType.Trenameat, [0, 0, 0, 0, 1, 0, 120, 0, 0, 0, 0, 1, 0, 121] },
        { (byte)MessageType.Tsetattr, new byte[60] },
        { (byte)MessageType.Tunlinkat, [0, 0, 0, 0, 1, 0, 120, 0, 0, 0, 0] },
        { (byte)MessageType.Tlink, [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 120] },
        { (byte)MessageType.Tmkdir, [0, 0, 0, 0, 1, 0, 120, .. new byte[8]] },
        { (byte)MessageType.Txattrcreate, [0, 0, 0, 0, 1, 0, 120, .. new byte[12]] },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Changes_are_refused_as_a_read_only_file_system_does(byte type, byte[] body)
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        await rig.ExpectErrorAsync(Frames.Raw(type, 1, body), Errno.EROFS);
    }

    [Fact]
    public async Task Plain_changes_are_refused_in_words()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(Dialect.NineP2000);
        byte[] create = Frames.Raw((byte)MessageType.Tcreate, 1, 0, 0, 0, 0, 1, 0, 120, 0, 0, 0, 0, 0);
        byte[] reply = await rig.ExpectAsync(create, MessageType.Rerror);
        Assert.Equal("Read-only file system", Encoding.UTF8.GetString(Wire.String(reply, 7)));
        byte[] stat = (await rig.ExpectAsync(Frames.Fid(MessageType.Tstat, 1, 0), MessageType.Rstat))[7..];
        await rig.ExpectAsync(Frames.Raw((byte)MessageType.Twstat, 1, [0, 0, 0, 0, .. stat]), MessageType.Rerror);
        await rig.ExpectAsync(Frames.Fid(MessageType.Tremove, 1, 0), MessageType.Rerror);
    }

    [Fact]
    public async Task Errors_of_the_unix_dialect_have_words_and_a_number()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(Dialect.NineP2000u);
        byte[] reply = await rig.ExpectAsync(Frames.Walk(1, 0, 1, "nope"), MessageType.Rerror);
        Assert.Equal("file not found", Encoding.UTF8.GetString(Wire.String(reply, 7)));
        Assert.Equal(2u, Wire.U32(reply, reply.Length - 4));
    }
}
