using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Xget.NineP.Tests.Protocol;

/// <summary>What holds for all messages and for all bytes.</summary>
public sealed class MessagePropertyTests
{
    [Fact]
    public void Any_bytes_fit_or_are_refused_and_the_trace_prints_them()
    {
        Arbitrary<byte[]> bytes = ArbMap.Default.ArbFor<byte[]>();
        foreach (Dialect dialect in Golden.All)
        {
            foreach (MessageDefinition message in MessageTable.All)
            {
                Prop.ForAll(bytes, body =>
                {
                    bool fits = message.Fits(body, dialect);
                    string trace = TracePrinter.Print(Frames.Raw((byte)message.Type, 1, body), dialect);
                    return trace.StartsWith(message.Name, StringComparison.Ordinal)
                        && (fits || trace.EndsWith("(malformed)", StringComparison.Ordinal)
                            || (body.Length == 4 && message.Type is MessageType.Rread or MessageType.Rreaddir));
                }).QuickCheckThrowOnFailure();
            }
        }
    }

    [Fact]
    public void A_walk_survives_the_wire() =>
        Prop.ForAll<uint, uint, byte[][]>((fid, newFid, names) =>
        {
            byte[] frame = Frames.Make(f => Twalk.Write(f, 7, fid, newFid,
                Array.ConvertAll(names, n => (ReadOnlyMemory<byte>)n)), 1 << 20);
            Assert.True(MessageTable.Find(frame[4])!.Fits(Frames.BodyOf(frame), Dialect.NineP2000));
            Twalk walk = new(Frames.BodyOf(frame));
            Assert.Equal((fid, newFid, names.Length), (walk.Fid, walk.NewFid, walk.Count));
            foreach (byte[] name in names)
            {
                Assert.Equal(name, walk.NextName().ToArray());
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_attach_survives_the_wire_of_each_dialect() =>
        Prop.ForAll<uint, byte[], byte[]>((number, uname, aname) =>
        {
            foreach (Dialect dialect in Golden.All)
            {
                byte[] frame = Frames.Make(
                    f => Tattach.Write(f, dialect, 7, number, ~number, uname, aname, number + 1), 1 << 20);
                Assert.True(MessageTable.Find(frame[4])!.Fits(Frames.BodyOf(frame), dialect));
                Tattach attach = new(Frames.BodyOf(frame), dialect);
                Assert.Equal((number, ~number), (attach.Fid, attach.Afid));
                Assert.Equal(uname, attach.Uname.ToArray());
                Assert.Equal(aname, attach.Aname.ToArray());
                Assert.Equal(dialect == Dialect.NineP2000 ? uint.MaxValue : number + 1, attach.NUname);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Reads_and_writes_survive_the_wire() =>
        Prop.ForAll<uint, ulong, byte[]>((fid, offset, data) =>
        {
            byte[] write = Frames.Write(7, fid, offset, data);
            Assert.True(MessageTable.Find(write[4])!.Fits(Frames.BodyOf(write), Dialect.NineP2000L));
            Twrite twrite = new(Frames.BodyOf(write));
            Assert.Equal((fid, offset), (twrite.Fid, twrite.Offset));
            Assert.Equal(data, twrite.Data.ToArray());

            byte[] read = Frames.Read(7, fid, offset, fid);
            ReadRequest tread = new(Frames.BodyOf(read));
            Assert.Equal((fid, offset, fid), (tread.Fid, tread.Offset, tread.Count));

            byte[] reply = Frames.Data(MessageType.Rread, 7, data);
            Assert.Equal(data, new DataReply(Frames.BodyOf(reply)).Data.ToArray());
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Attributes_survive_the_Linux_dialect_whole() =>
        Prop.ForAll<ulong, uint, long>((big, small, seconds) =>
        {
            Qid qid = new((QidType)(byte)small, small, big);
            Attributes attributes = new()
            {
                Mode = small,
                Uid = small + 1,
                Gid = small + 2,
                NLink = big + 3,
                Rdev = big + 4,
                Size = big + 5,
                BlockSize = big + 6,
                Blocks = big + 7,
                Atime = new(seconds, small),
                Mtime = new(seconds + 1, small + 1),
                Ctime = new(seconds + 2, small + 2),
            };
            byte[] frame = Frames.Make(f => Rgetattr.Write(f, 7, big, qid, attributes));
            Rgetattr getattr = new(Frames.BodyOf(frame));
            Assert.Equal((big, qid, attributes), (getattr.Valid, getattr.Qid, getattr.Attributes));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0x41EDu, "")]
    [InlineData(0x81A4u, "")]
    [InlineData(0xA1FFu, "../target")]
    [InlineData(0x21B6u, "c 1 3")]
    [InlineData(0x61B0u, "b 8 300")]
    [InlineData(0x11A4u, "")]
    [InlineData(0xC1FFu, "")]
    [InlineData(0x8FFFu, "")]
    public void A_unix_stat_keeps_kind_bits_and_extension(uint mode, string extension)
    {
        Attributes attributes = new() { Mode = mode, Uid = 5, Gid = 6, Size = 7, Mtime = new(8, 9) };
        if (extension is ['c' or 'b', ' ', ..])
        {
            string[] words = extension.Split(' ');
            attributes = attributes with { Rdev = Attributes.MakeDevice(uint.Parse(words[1]), uint.Parse(words[2])) };
        }

        Qid qid = new((mode & 0xF000) == 0x4000 ? QidType.Directory : QidType.File, 1, 2);
        byte[] frame = Frames.Make(f => Rstat.Write(
            f, Dialect.NineP2000u, 7, qid, "name"u8, attributes, Encoding.UTF8.GetBytes(extension)));
        Assert.True(MessageTable.Find(frame[4])!.Fits(Frames.BodyOf(frame), Dialect.NineP2000u));
        Assert.True(Decode.Stat(Dialect.NineP2000u, 0, Frames.BodyOf(frame), out Reply<(Qid Qid, Attributes Read)> reply));
        Assert.Equal(mode, reply.Value.Read.Mode);
        Assert.Equal(attributes.Rdev, reply.Value.Read.Rdev);
        Assert.Equal((5u, 6u), (reply.Value.Read.Uid, reply.Value.Read.Gid));
        Assert.Equal(qid.IsDirectory ? 0u : 7u, reply.Value.Read.Size);
    }

    [Fact]
    public void Directory_entries_decode_or_are_refused_at_every_length()
    {
        byte[] entries = new byte[64];
        int length = DirectoryEntry.Write(entries, new(QidType.File, 1, 2), 3, 8, "one"u8);
        int all = length + DirectoryEntry.Write(entries.AsSpan(length), new(QidType.File, 1, 3), 4, 8, "two"u8);
        for (int cut = 0; cut <= all; cut++)
        {
            byte[] frame = Frames.Data(MessageType.Rreaddir, 1, entries[..cut]);
            bool decoded = Decode.Directory(Dialect.NineP2000L, 0, Frames.BodyOf(frame), out var reply);
            Assert.Equal(cut == 0 || cut == length || cut == all, decoded);
            Assert.Equal(decoded ? cut / length : 0, reply.Value?.Length ?? 0);
        }
    }

    [Fact]
    public void What_does_not_fit_is_not_written()
    {
        byte[] room = new byte[100];
        for (int size = 0; size < 60; size++)
        {
            Span<byte> frame = room.AsSpan(0, size);
            int walk = Twalk.Write(frame, 1, 2, 3, [new byte[30]]);
            Assert.Equal(size < 49 ? 0 : 49, walk);
            int entry = DirectoryEntry.Write(frame, default, 1, 2, new byte[30]);
            Assert.Equal(size < 54 ? 0 : 54, entry);
        }

        Assert.Equal(0, Rreadlink.Write(new byte[100_000], 1, new byte[70_000]));
    }

    [Theory]
    [InlineData(0u, 0u)]
    [InlineData(1u, 3u)]
    [InlineData(0xFFFu, 0xFFu)]
    [InlineData(0x12345u, 0x6789Au)]
    [InlineData(0xFFFFFFFFu, 0xFFFFFFFFu)]
    public void A_device_number_is_packed_and_unpacked(uint major, uint minor)
    {
        Attributes attributes = new() { Rdev = Attributes.MakeDevice(major, minor) };
        Assert.Equal((major, minor), (attributes.RdevMajor, attributes.RdevMinor));
    }

    [Fact]
    public void Errors_in_words_come_back_as_the_errors_they_were()
    {
        for (uint number = 1; number < 134; number++)
        {
            var error = (Mono.Unix.Native.Errno)number;
            Assert.Equal(error, ErrorText.Parse(ErrorText.Of(error)));
        }

        Assert.Equal(Mono.Unix.Native.Errno.EIO, ErrorText.Parse("who knows"u8));
        Assert.Equal(Mono.Unix.Native.Errno.ENOENT, ErrorText.Parse("No such file or directory"u8));
        Assert.Equal(Mono.Unix.Native.Errno.EIO, ErrorText.Parse("error 0"u8));
        Assert.Equal(Mono.Unix.Native.Errno.EIO, ErrorText.Parse("error 99999999999"u8));
    }
}
