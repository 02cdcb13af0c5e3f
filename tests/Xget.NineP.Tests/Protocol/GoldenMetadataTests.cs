namespace Xget.NineP.Tests.Protocol;

/// <summary>Stat, getattr, statfs, links, extended attributes, locks.</summary>
public sealed class GoldenMetadataTests
{
    private static readonly Qid File = new(QidType.File, 1, 2);

    private static readonly Attributes Some = new()
    {
        Mode = 0x81A4,
        Uid = 1000,
        Gid = 100,
        NLink = 2,
        Rdev = 0x0103,
        Size = 100000,
        BlockSize = 4096,
        Blocks = 200,
        Atime = new(0x11, 0x12),
        Mtime = new(0x21, 0x22),
        Ctime = new(0x31, 0x32),
    };

    [Fact]
    public void Tstat() => Golden.Check(
        """
        0B 00 00 00               | size 11
        7C                        | type 124
        01 00                     | tag
        02 00 00 00               | fid
        """,
        "Tstat tag 1 fid 2", f => FidMessage.Write(f, MessageType.Tstat, 1, 2), Golden.Stats);

    [Fact]
    public void Rstat_plain() => Golden.Check(
        """
        49 00 00 00               | size 73
        7D                        | type 125
        01 00                     | tag
        40 00                     | n 64
        3E 00                     | stat.size 62
        00 00                     | type
        00 00 00 00               | dev
        00 01 00 00 00 02 00 00 00 00 00 00 00 | qid
        A4 01 00 00               | mode 0644
        11 00 00 00               | atime
        21 00 00 00               | mtime
        A0 86 01 00 00 00 00 00   | length 100000
        04 00 64 61 74 61         | name "data"
        04 00 31 30 30 30         | uid "1000"
        03 00 31 30 30            | gid "100"
        04 00 31 30 30 30         | muid "1000"
        """,
        "Rstat tag 1 stat \"data\" (00 1 2) mode 1a4 length 100000 mtime 33",
        f => Rstat.Write(f, Dialect.NineP2000, 1, File, "data"u8, Some, ""u8), Dialect.NineP2000);

    [Fact]
    public void Rstat_unix_of_a_device() => Golden.Check(
        """
        5C 00 00 00               | size 92
        7D                        | type 125
        01 00                     | tag
        53 00                     | n 83
        51 00                     | stat.size 81
        00 00                     | type
        00 00 00 00               | dev
        00 01 00 00 00 02 00 00 00 00 00 00 00 | qid
        B6 01 80 00               | mode DMDEVICE 0666
        11 00 00 00               | atime
        21 00 00 00               | mtime
        00 00 00 00 00 00 00 00   | length
        04 00 6E 75 6C 6C         | name "null"
        04 00 31 30 30 30         | uid "1000"
        03 00 31 30 30            | gid "100"
        04 00 31 30 30 30         | muid "1000"
        05 00 63 20 31 20 33      | extension "c 1 3"
        E8 03 00 00               | n_uid
        64 00 00 00               | n_gid
        E8 03 00 00               | n_muid
        """,
        "Rstat tag 1 stat \"null\" (00 1 2) mode 8001b6 length 0 mtime 33",
        f => Rstat.Write(f, Dialect.NineP2000u, 1, File, "null"u8, Some with { Mode = 0x21B6, Size = 0 }, ""u8),
        Dialect.NineP2000u);

    [Fact]
    public void Tgetattr() => Golden.Check(
        """
        13 00 00 00               | size 19
        18                        | type 24
        01 00                     | tag
        02 00 00 00               | fid
        FF 07 00 00 00 00 00 00   | request_mask BASIC
        """,
        "Tgetattr tag 1 fid 2 request_mask 2047",
        f => NineP.Tgetattr.Write(f, 1, 2, NineP.Tgetattr.Basic), Dialect.NineP2000L);

    [Fact]
    public void Rgetattr() => Golden.Check(
        """
        A0 00 00 00               | size 160
        19                        | type 25
        01 00                     | tag
        FF 07 00 00 00 00 00 00   | valid
        00 01 00 00 00 02 00 00 00 00 00 00 00 | qid
        A4 81 00 00               | mode S_IFREG 0644
        E8 03 00 00               | uid
        64 00 00 00               | gid
        02 00 00 00 00 00 00 00   | nlink
        03 01 00 00 00 00 00 00   | rdev
        A0 86 01 00 00 00 00 00   | size
        00 10 00 00 00 00 00 00   | blksize
        C8 00 00 00 00 00 00 00   | blocks
        11 00 00 00 00 00 00 00   | atime_sec
        12 00 00 00 00 00 00 00   | atime_nsec
        21 00 00 00 00 00 00 00   | mtime_sec
        22 00 00 00 00 00 00 00   | mtime_nsec
        31 00 00 00 00 00 00 00   | ctime_sec
        32 00 00 00 00 00 00 00   | ctime_nsec
        00 00 00 00 00 00 00 00   | btime_sec
        00 00 00 00 00 00 00 00   | btime_nsec
        00 00 00 00 00 00 00 00   | gen
        00 00 00 00 00 00 00 00   | data_version
        """,
        "Rgetattr tag 1 valid 2047 qid (00 1 2) mode 33188 uid 1000 gid 100 nlink 2 rdev 259 size 100000 blksize 4096 "
        + "blocks 200 atime_sec 17 atime_nsec 18 mtime_sec 33 mtime_nsec 34 ctime_sec 49 ctime_nsec 50 btime_sec 0 "
        + "btime_nsec 0 gen 0 data_version 0",
        f => NineP.Rgetattr.Write(f, 1, 0x7FF, File, Some), Dialect.NineP2000L);

    [Fact]
    public void Tstatfs() => Golden.Check(
        """
        0B 00 00 00               | size 11
        08                        | type 8
        01 00                     | tag
        02 00 00 00               | fid
        """,
        "Tstatfs tag 1 fid 2", f => FidMessage.Write(f, MessageType.Tstatfs, 1, 2), Dialect.NineP2000L);

    [Fact]
    public void Rstatfs() => Golden.Check(
        """
        43 00 00 00               | size 67
        09                        | type 9
        01 00                     | tag
        97 19 02 01               | type V9FS_MAGIC
        00 10 00 00               | bsize
        01 00 00 00 00 00 00 00   | blocks
        02 00 00 00 00 00 00 00   | bfree
        03 00 00 00 00 00 00 00   | bavail
        04 00 00 00 00 00 00 00   | files
        05 00 00 00 00 00 00 00   | ffree
        06 00 00 00 00 00 00 00   | fsid
        FF 00 00 00               | namelen
        """,
        "Rstatfs tag 1 type 16914839 bsize 4096 blocks 1 bfree 2 bavail 3 files 4 ffree 5 fsid 6 namelen 255",
        f => NineP.Rstatfs.Write(f, 1, new FileSystemStatistics
        {
            Type = 0x01021997,
            BlockSize = 4096,
            Blocks = 1,
            BlocksFree = 2,
            BlocksAvailable = 3,
            Files = 4,
            FilesFree = 5,
            FileSystemId = 6,
            NameLength = 255,
        }), Dialect.NineP2000L);

    [Fact]
    public void Treadlink() => Golden.Check(
        """
        0B 00 00 00               | size 11
        16                        | type 22
        01 00                     | tag
        02 00 00 00               | fid
        """,
        "Treadlink tag 1 fid 2", f => FidMessage.Write(f, MessageType.Treadlink, 1, 2), Dialect.NineP2000L);

    [Fact]
    public void Rreadlink() => Golden.Check(
        """
        0D 00 00 00               | size 13
        17                        | type 23
        01 00                     | tag
        04 00 2E 2E 2F 61         | target "../a"
        """,
        "Rreadlink tag 1 target \"../a\"", f => NineP.Rreadlink.Write(f, 1, "../a"u8), Dialect.NineP2000L);

    [Fact]
    public void Txattrwalk() => Golden.Check(
        """
        17 00 00 00               | size 23
        1E                        | type 30
        01 00                     | tag
        02 00 00 00               | fid
        03 00 00 00               | newfid
        06 00 75 73 65 72 2E 61   | name "user.a"
        """,
        "Txattrwalk tag 1 fid 2 newfid 3 name \"user.a\"",
        f => NineP.Txattrwalk.Write(f, 1, 2, 3, "user.a"u8), Dialect.NineP2000L);

    [Fact]
    public void Rxattrwalk() => Golden.Check(
        """
        0F 00 00 00               | size 15
        1F                        | type 31
        01 00                     | tag
        05 00 00 00 00 00 00 00   | size
        """,
        "Rxattrwalk tag 1 size 5", f => NineP.Rxattrwalk.Write(f, 1, 5), Dialect.NineP2000L);

    [Fact]
    public void Rlock() => Golden.Check(
        """
        08 00 00 00               | size 8
        35                        | type 53
        01 00                     | tag
        00                        | status granted
        """,
        "Rlock tag 1 status 0", f => LockMessages.WriteRlock(f, 1), Dialect.NineP2000L);

    [Fact]
    public void Rgetlock() => Golden.Check(
        """
        1E 00 00 00               | size 30
        37                        | type 55
        01 00                     | tag
        02                        | type F_UNLCK
        01 00 00 00 00 00 00 00   | start
        02 00 00 00 00 00 00 00   | length
        03 00 00 00               | proc_id
        00 00                     | client_id
        """,
        "Rgetlock tag 1 type 2 start 1 length 2 proc_id 3 client_id \"\"",
        f => LockMessages.WriteRgetlock(f, 1, Golden.Parse(
            """
            09 00 00 00               | fid
            01                        | type F_WRLCK
            01 00 00 00 00 00 00 00   | start
            02 00 00 00 00 00 00 00   | length
            03 00 00 00               | proc_id
            00 00                     | client_id
            """)), Dialect.NineP2000L);
}
