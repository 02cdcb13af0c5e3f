namespace Xget.NineP.Tests.Protocol;

/// <summary>Walk, open, read, write, clunk, directories.</summary>
public sealed class GoldenFileTests
{
    private static readonly Qid File = new(QidType.File, 1, 2);

    [Fact]
    public void Twalk() => Golden.Check(
        """
        1C 00 00 00               | size 28
        6E                        | type 110
        01 00                     | tag
        00 00 00 00               | fid
        02 00 00 00               | newfid
        02 00                     | n
        03 00 69 6D 67            | name "img"
        04 00 64 61 74 61         | name "data"
        """,
        "Twalk tag 1 fid 0 newfid 2 wname 2 \"img\" \"data\"",
        f => NineP.Twalk.Write(f, 1, 0, 2, [Frames.Bytes("img"), Frames.Bytes("data")]), Golden.All);

    [Fact]
    public void Twalk_without_names() => Golden.Check(
        """
        11 00 00 00               | size 17
        6E                        | type 110
        01 00                     | tag
        00 00 00 00               | fid
        02 00 00 00               | newfid
        00 00                     | n
        """,
        "Twalk tag 1 fid 0 newfid 2 wname 0", f => NineP.Twalk.Write(f, 1, 0, 2, []), Golden.All);

    [Fact]
    public void Rwalk() => Golden.Check(
        """
        23 00 00 00               | size 35
        6F                        | type 111
        01 00                     | tag
        02 00                     | n
        80 00 00 00 00 01 00 00 00 00 00 00 00 | qid dir 1
        00 01 00 00 00 02 00 00 00 00 00 00 00 | qid file 2
        """,
        "Rwalk tag 1 wqid 2 (80 0 1) (00 1 2)",
        f => NineP.Rwalk.Write(f, 1, [new(QidType.Directory, 0, 1), File]), Golden.All);

    [Fact]
    public void Topen() => Golden.Check(
        """
        0C 00 00 00               | size 12
        70                        | type 112
        01 00                     | tag
        02 00 00 00               | fid
        02                        | mode ORDWR
        """,
        "Topen tag 1 fid 2 mode 2", f => NineP.Topen.Write(f, 1, 2, 2), Golden.Stats);

    [Fact]
    public void Ropen() => Golden.Check(
        """
        18 00 00 00               | size 24
        71                        | type 113
        01 00                     | tag
        00 01 00 00 00 02 00 00 00 00 00 00 00 | qid
        00 80 00 00               | iounit 32768
        """,
        "Ropen tag 1 qid (00 1 2) iounit 32768",
        f => OpenReply.Write(f, MessageType.Ropen, 1, File, 32768), Golden.Stats);

    [Fact]
    public void Tlopen() => Golden.Check(
        """
        0F 00 00 00               | size 15
        0C                        | type 12
        01 00                     | tag
        02 00 00 00               | fid
        00 80 01 00               | flags O_LARGEFILE | O_DIRECTORY
        """,
        "Tlopen tag 1 fid 2 flags 98304", f => NineP.Tlopen.Write(f, 1, 2, 0x18000), Dialect.NineP2000L);

    [Fact]
    public void Rlopen() => Golden.Check(
        """
        18 00 00 00               | size 24
        0D                        | type 13
        01 00                     | tag
        00 01 00 00 00 02 00 00 00 00 00 00 00 | qid
        00 00 00 00               | iounit
        """,
        "Rlopen tag 1 qid (00 1 2) iounit 0",
        f => OpenReply.Write(f, MessageType.Rlopen, 1, File, 0), Dialect.NineP2000L);

    [Fact]
    public void Tread() => Golden.Check(
        """
        17 00 00 00               | size 23
        74                        | type 116
        01 00                     | tag
        02 00 00 00               | fid
        00 00 00 00 01 00 00 00   | offset 4 GiB
        00 80 00 00               | count 32768
        """,
        "Tread tag 1 fid 2 offset 4294967296 count 32768",
        f => ReadRequest.Write(f, MessageType.Tread, 1, 2, 1UL << 32, 32768), Golden.All);

    [Fact]
    public void Rread() => Golden.Check(
        """
        0D 00 00 00               | size 13
        75                        | type 117
        01 00                     | tag
        02 00 00 00               | count
        6D 65                     | data "me"
        """,
        "Rread tag 1 data 2 \"me\"", f => DataReply.Write(f, MessageType.Rread, 1, "me"u8), Golden.All);

    [Fact]
    public void Treaddir() => Golden.Check(
        """
        17 00 00 00               | size 23
        28                        | type 40
        01 00                     | tag
        02 00 00 00               | fid
        03 00 00 00 00 00 00 00   | offset
        E8 FF 00 00               | count 65512
        """,
        "Treaddir tag 1 fid 2 offset 3 count 65512",
        f => ReadRequest.Write(f, MessageType.Treaddir, 1, 2, 3, 65512), Dialect.NineP2000L);

    [Fact]
    public void Rreaddir()
    {
        byte[] entry = new byte[64];
        entry = entry[..DirectoryEntry.Write(entry, File, 3, 8, "img"u8)];
        Golden.Check(
            """
            26 00 00 00               | size 38
            29                        | type 41
            01 00                     | tag
            1B 00 00 00               | count 27
            00 01 00 00 00 02 00 00 00 00 00 00 00 | qid
            03 00 00 00 00 00 00 00   | offset of the next
            08                        | type DT_REG
            03 00 69 6D 67            | name "img"
            """,
            "Rreaddir tag 1 data 27 \"\\x00\\x01\\x00\\x00\\x00\\x02\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x03\\x00"
            + "\\x00\\x00\\x00\\x00\\x00\\x00\\x08\\x03\\x00img\"",
            f => DataReply.Write(f, MessageType.Rreaddir, 1, entry), Dialect.NineP2000L);
    }

    [Fact]
    public void Twrite() => Golden.Check(
        """
        20 00 00 00               | size 32
        76                        | type 118
        01 00                     | tag
        03 00 00 00               | fid
        00 00 00 00 00 00 00 00   | offset
        09 00 00 00               | count
        34 39 33 37 39 20 6D 65 00 | data "49379 me\0"
        """,
        "Twrite tag 1 fid 3 offset 0 data 9 \"49379 me\\x00\"",
        f => NineP.Twrite.Write(f, 1, 3, 0, "49379 me\0"u8), Golden.All);

    [Fact]
    public void Rwrite() => Golden.Check(
        """
        0B 00 00 00               | size 11
        77                        | type 119
        01 00                     | tag
        09 00 00 00               | count
        """,
        "Rwrite tag 1 count 9", f => NineP.Rwrite.Write(f, 1, 9), Golden.All);

    [Fact]
    public void Tclunk() => Golden.Check(
        """
        0B 00 00 00               | size 11
        78                        | type 120
        01 00                     | tag
        03 00 00 00               | fid
        """,
        "Tclunk tag 1 fid 3", f => FidMessage.Write(f, MessageType.Tclunk, 1, 3), Golden.All);

    [Fact]
    public void Rclunk() => Golden.Check(
        """
        07 00 00 00               | size 7
        79                        | type 121
        01 00                     | tag
        """,
        "Rclunk tag 1", f => EmptyMessage.Write(f, MessageType.Rclunk, 1), Golden.All);
}
