using Mono.Unix.Native;
using static Xget.Fuse.Tests.Protocol.FakeKernel;

namespace Xget.Fuse.Tests.Protocol;

/// <summary>Replies byte by byte; the layouts are those of include/uapi/linux/fuse.h, 7.45, little endian.</summary>
public class GoldenReplyTests
{
    private const string AttrBytes = """
        0101000000000000    # ino
        0202000000000000    # size
        0300000000000000    # blocks
        0400000000000000    # atime
        0500000000000000    # mtime
        0600000000000000    # ctime
        07000000            # atimensec
        08000000            # mtimensec
        09000000            # ctimensec
        A4810000            # mode: a file, 0644
        0A000000            # nlink
        0B000000            # uid
        0C000000            # gid
        0D000000            # rdev
        00100000            # blksize
        00000000            # flags
        """;

    private static readonly FuseAttr Attr = new()
    {
        Ino = 0x101, Size = 0x202, Blocks = 3, Atime = 4, Mtime = 5, Ctime = 6, AtimeNsec = 7, MtimeNsec = 8,
        CtimeNsec = 9, Mode = 0x81A4, Nlink = 10, Uid = 11, Gid = 12, Rdev = 13, Blksize = 4096,
    };

    private readonly ScriptedFiles _files = new();

    [Fact]
    public void Lookup()
    {
        _files.OnLookup = (_, _) => new EntryOut
        {
            NodeId = 0x1122, Generation = 0x33, EntryValid = TimeSpan.FromMilliseconds(1500),
            AttrValid = TimeSpan.FromMilliseconds(2250), Attr = Attr,
        }.AsAnswer();
        Expect(Connected(_files).Ask(1, 1, Name("a")), $"""
            90000000            # len 144
            00000000            # error
            6800000000000000    # unique
            2211000000000000    # nodeid
            3300000000000000    # generation
            0100000000000000    # entry_valid
            0200000000000000    # attr_valid
            0065CD1D            # entry_valid_nsec
            80B2E60E            # attr_valid_nsec
            {AttrBytes}
            """);
    }

    [Fact]
    public void Lookup_of_a_name_that_is_known_not_to_be_there()
    {
        _files.OnLookup = (_, _) => EntryOut.Negative(TimeSpan.FromSeconds(60)).AsAnswer();
        byte[] reply = Connected(_files).Ask(1, 1, Name("a"));
        Assert.Equal(144, reply.Length);
        Assert.Equal(new byte[16], reply[16..32]);  // nodeid 0, generation
        Assert.Equal(60, reply[32]);                // entry_valid
        Assert.All(reply[33..], b => Assert.Equal(0, b));
    }

    [Fact]
    public void Forever_is_more_seconds_than_anybody_waits()
    {
        _files.Attr = new AttrOut(Attr, EntryOut.Forever);
        byte[] reply = Connected(_files).Ask(3, 1, new byte[16]);
        Assert.Equal(922337203685ul, BitConverter.ToUInt64(reply, 16));
        Assert.InRange(BitConverter.ToUInt32(reply, 24), 0u, 999999999u);
    }

    [Fact]
    public void An_error()
    {
        _files.OnLookup = (_, _) => FuseAnswer.Failed<EntryOut>(Errno.ENOENT);
        Expect(Connected(_files).Ask(1, 1, Name("a")), """
            10000000            # len 16
            FEFFFFFF            # error -2
            6800000000000000    # unique
            """);
    }

    [Fact]
    public void Getattr()
    {
        _files.Attr = new AttrOut(Attr, TimeSpan.FromMilliseconds(1500));
        Expect(Connected(_files).Ask(3, 1, new byte[16]), $"""
            78000000            # len 120
            00000000            # error
            6800000000000000    # unique
            0100000000000000    # attr_valid
            0065CD1D            # attr_valid_nsec
            00000000            # dummy
            {AttrBytes}
            """);
    }

    [Fact]
    public void Statx()
    {
        _files.Statx = new StatxOut(
            new FuseStatx
            {
                Mask = 0x17ff, Blksize = 4096, Attributes = 0x10, Nlink = 2, Uid = 3, Gid = 4, Mode = 0x81A4, Ino = 5,
                Size = 6, Blocks = 7, AttributesMask = 0x11, Atime = new FuseStatxTime(-1, 8),
                Btime = new FuseStatxTime(9, 10), Ctime = new FuseStatxTime(11, 12), Mtime = new FuseStatxTime(13, 14),
                RdevMajor = 15, RdevMinor = 16, DevMajor = 17, DevMinor = 18,
            },
            TimeSpan.FromMilliseconds(1500));
        byte[] reply = Connected(_files).Ask(52, 1, new byte[24]);
        Assert.Equal(16 + 288, reply.Length);
        Expect(reply[16..192], """
            0100000000000000    # attr_valid
            0065CD1D            # attr_valid_nsec
            00000000            # flags
            00000000000000000000000000000000 # spare
            FF170000            # mask
            00100000            # blksize
            1000000000000000    # attributes
            02000000            # nlink
            03000000            # uid
            04000000            # gid
            A481 0000           # mode, spare
            0500000000000000    # ino
            0600000000000000    # size
            0700000000000000    # blocks
            1100000000000000    # attributes_mask
            FFFFFFFFFFFFFFFF 08000000 00000000 # atime
            0900000000000000 0A000000 00000000 # btime
            0B00000000000000 0C000000 00000000 # ctime
            0D00000000000000 0E000000 00000000 # mtime
            0F000000            # rdev_major
            10000000            # rdev_minor
            11000000            # dev_major
            12000000            # dev_minor
            """);
        Assert.All(reply[192..], b => Assert.Equal(0, b));
    }

    [Fact]
    public void Open()
    {
        _files.Opened = new OpenOut(0x1234, FuseOpenFlags.Passthrough | FuseOpenFlags.NoFlush, 7);
        Expect(Connected(_files).Ask(14, 2, new byte[8]), """
            20000000            # len 32
            00000000            # error
            6800000000000000    # unique
            3412000000000000    # fh
            A0000000            # open_flags
            07000000            # backing_id
            """);
    }

    [Fact]
    public void Statfs()
    {
        _files.Sizes = new FuseStatFs
        {
            Blocks = 1, Free = 2, Available = 3, Files = 4, FilesFree = 5, BlockSize = 6, NameLength = 7,
            FragmentSize = 8,
        };
        Expect(Connected(_files).Ask(17, 1), """
            60000000            # len 96
            00000000            # error
            6800000000000000    # unique
            0100000000000000    # blocks
            0200000000000000    # bfree
            0300000000000000    # bavail
            0400000000000000    # files
            0500000000000000    # ffree
            06000000            # bsize
            07000000            # namelen
            08000000            # frsize
            00000000            # padding
            000000000000000000000000000000000000000000000000 # spare
            """);
    }

    [Fact]
    public void Readlink()
    {
        _files.Bytes = new ReadOnlyMemory<byte>("to/where"u8.ToArray());
        Expect(Connected(_files).Ask(5, 2), """
            18000000            # len 24
            00000000            # error
            6800000000000000    # unique
            746F2F7768657265    # target, without NUL
            """);
    }

    [Fact]
    public void Lseek()
    {
        Expect(Connected(_files).Ask(46, 2, Hex.Parse("""
            0900000000000000    # fh
            FF00000000000000    # offset
            03000000            # whence: SEEK_DATA
            00000000            # padding
            """)), """
            18000000            # len 24
            00000000            # error
            6800000000000000    # unique
            0001000000000000    # offset
            """);
        Assert.Equal(["lseek 2 9 255 3"], _files.Calls);
    }

    [Fact]
    public void The_size_of_an_extended_attribute()
    {
        _files.Bytes = new ReadOnlyMemory<byte>("value"u8.ToArray());
        Expect(Connected(_files).Ask(22, 2, [0, 0, 0, 0, 0, 0, 0, 0, .. Name("user.x")]), """
            18000000            # len 24
            00000000            # error
            6800000000000000    # unique
            05000000            # size
            00000000            # padding
            """);
        Assert.Equal(["getxattr 2 user.x"], _files.Calls);
    }

    [Fact]
    public void Readdir()
    {
        _files.OnReadDir = (entries, offset) =>
        {
            Assert.True(entries.TryAdd("ab"u8, 0x11, 0x41ED, 1));
            Assert.True(entries.TryAdd("12345678"u8, 0x22, 0xA1FF, 2));
            return ValueTask.FromResult<Errno>(0);
        };
        Expect(Connected(_files).Ask(28, 1, ReadBody(0, 0, 4096)), """
            50000000            # len 80
            00000000            # error
            6800000000000000    # unique
            1100000000000000    # ino
            0100000000000000    # off
            02000000            # namelen
            04000000            # type DT_DIR
            6162 000000000000   # name, padding
            2200000000000000    # ino
            0200000000000000    # off
            08000000            # namelen
            0A000000            # type DT_LNK
            3132333435363738    # name
            """);
    }

    [Fact]
    public void Readdirplus()
    {
        _files.OnReadDir = (entries, offset) =>
        {
            Assert.True(entries.TryAdd("."u8, 0x11, 0x41ED, 1));
            Assert.True(entries.TryAddPlus("f"u8,
                new EntryOut { NodeId = 0x22, EntryValid = TimeSpan.FromSeconds(1), Attr = Attr }, 2));
            return ValueTask.FromResult<Errno>(0);
        };
        Expect(Connected(_files).Ask(44, 1, ReadBody(0, 0, 4096)), $"""
            50010000            # len 336
            00000000            # error
            6800000000000000    # unique
            {new string('0', 256)} # an entry_out of nothing: look it up yourself
            1100000000000000    # ino
            0100000000000000    # off
            01000000            # namelen
            04000000            # type DT_DIR
            2E 00000000000000   # name, padding
            2200000000000000    # nodeid
            0000000000000000    # generation
            0100000000000000    # entry_valid
            0000000000000000    # attr_valid
            00000000            # entry_valid_nsec
            00000000            # attr_valid_nsec
            {AttrBytes}
            0101000000000000    # ino
            0200000000000000    # off
            01000000            # namelen
            08000000            # type DT_REG
            66 00000000000000   # name, padding
            """);
    }

    private static void Expect(byte[] reply, string golden) => Assert.Equal(Hex.Of(Hex.Parse(golden)), Hex.Of(reply));
}
