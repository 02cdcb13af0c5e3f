namespace Xget.NineP.Tests.Protocol;

/// <summary>The messages that a client may send and that are refused: their layout must be known all the same.</summary>
public sealed class GoldenRefusedTests
{
    [Fact]
    public void Tlcreate() => Linux(
        """
        1A 00 00 00 0E 01 00      | size 26, type 14, tag
        02 00 00 00               | fid
        01 00 78                  | name "x"
        41 00 00 00               | flags
        A4 01 00 00               | mode
        64 00 00 00               | gid
        """,
        "Tlcreate tag 1 fid 2 name \"x\" flags 65 mode 420 gid 100");

    [Fact]
    public void Tsymlink() => Linux(
        """
        15 00 00 00 10 01 00      | size 21, type 16, tag
        02 00 00 00               | dfid
        01 00 78                  | name "x"
        01 00 79                  | symtgt "y"
        64 00 00 00               | gid
        """,
        "Tsymlink tag 1 dfid 2 name \"x\" symtgt \"y\" gid 100");

    [Fact]
    public void Tmknod() => Linux(
        """
        1E 00 00 00 12 01 00      | size 30, type 18, tag
        02 00 00 00               | dfid
        01 00 78                  | name "x"
        B6 21 00 00               | mode
        01 00 00 00               | major
        03 00 00 00               | minor
        64 00 00 00               | gid
        """,
        "Tmknod tag 1 dfid 2 name \"x\" mode 8630 major 1 minor 3 gid 100");

    [Fact]
    public void Trename() => Linux(
        """
        12 00 00 00 14 01 00      | size 18, type 20, tag
        02 00 00 00               | fid
        03 00 00 00               | dfid
        01 00 78                  | name "x"
        """,
        "Trename tag 1 fid 2 dfid 3 name \"x\"");

    [Fact]
    public void Tsetattr() => Linux(
        """
        43 00 00 00 1A 01 00      | size 67, type 26, tag
        02 00 00 00               | fid
        08 00 00 00               | valid P9_SETATTR_SIZE
        A4 01 00 00               | mode
        E8 03 00 00               | uid
        64 00 00 00               | gid
        05 00 00 00 00 00 00 00   | size
        01 00 00 00 00 00 00 00   | atime_sec
        02 00 00 00 00 00 00 00   | atime_nsec
        03 00 00 00 00 00 00 00   | mtime_sec
        04 00 00 00 00 00 00 00   | mtime_nsec
        """,
        "Tsetattr tag 1 fid 2 valid 8 mode 420 uid 1000 gid 100 size 5 atime_sec 1 atime_nsec 2 mtime_sec 3 "
        + "mtime_nsec 4");

    [Fact]
    public void Txattrcreate() => Linux(
        """
        1A 00 00 00 20 01 00      | size 26, type 32, tag
        02 00 00 00               | fid
        01 00 78                  | name "x"
        05 00 00 00 00 00 00 00   | attr_size
        00 00 00 00               | flags
        """,
        "Txattrcreate tag 1 fid 2 name \"x\" attr_size 5 flags 0");

    [Fact]
    public void Tfsync() => Linux(
        """
        0F 00 00 00 32 01 00      | size 15, type 50, tag
        02 00 00 00               | fid
        01 00 00 00               | datasync
        """,
        "Tfsync tag 1 fid 2 datasync 1");

    [Fact]
    public void Tlock() => Linux(
        """
        26 00 00 00 34 01 00      | size 38, type 52, tag
        02 00 00 00               | fid
        01                        | type F_WRLCK
        01 00 00 00               | flags BLOCK
        00 00 00 00 00 00 00 00   | start
        0A 00 00 00 00 00 00 00   | length
        07 00 00 00               | proc_id
        00 00                     | client_id ""
        """,
        "Tlock tag 1 fid 2 type 1 flags 1 start 0 length 10 proc_id 7 client_id \"\"");

    [Fact]
    public void Tgetlock() => Linux(
        """
        22 00 00 00 36 01 00      | size 34, type 54, tag
        02 00 00 00               | fid
        00                        | type F_RDLCK
        00 00 00 00 00 00 00 00   | start
        0A 00 00 00 00 00 00 00   | length
        07 00 00 00               | proc_id
        00 00                     | client_id ""
        """,
        "Tgetlock tag 1 fid 2 type 0 start 0 length 10 proc_id 7 client_id \"\"");

    [Fact]
    public void Tlink() => Linux(
        """
        12 00 00 00 46 01 00      | size 18, type 70, tag
        02 00 00 00               | dfid
        03 00 00 00               | fid
        01 00 78                  | name "x"
        """,
        "Tlink tag 1 dfid 2 fid 3 name \"x\"");

    [Fact]
    public void Tmkdir() => Linux(
        """
        16 00 00 00 48 01 00      | size 22, type 72, tag
        02 00 00 00               | dfid
        01 00 78                  | name "x"
        ED 01 00 00               | mode
        64 00 00 00               | gid
        """,
        "Tmkdir tag 1 dfid 2 name \"x\" mode 493 gid 100");

    [Fact]
    public void Trenameat() => Linux(
        """
        15 00 00 00 4A 01 00      | size 21, type 74, tag
        02 00 00 00               | olddirfid
        01 00 78                  | oldname "x"
        03 00 00 00               | newdirfid
        01 00 79                  | newname "y"
        """,
        "Trenameat tag 1 olddirfid 2 oldname \"x\" newdirfid 3 newname \"y\"");

    [Fact]
    public void Tunlinkat() => Linux(
        """
        12 00 00 00 4C 01 00      | size 18, type 76, tag
        02 00 00 00               | dirfd
        01 00 78                  | name "x"
        00 02 00 00               | flags AT_REMOVEDIR
        """,
        "Tunlinkat tag 1 dirfd 2 name \"x\" flags 512");

    [Fact]
    public void Tcreate_plain() => Golden.Check(
        """
        13 00 00 00 72 01 00      | size 19, type 114, tag
        02 00 00 00               | fid
        01 00 78                  | name "x"
        A4 01 00 00               | perm 0644
        01                        | mode OWRITE
        """,
        "Tcreate tag 1 fid 2 name \"x\" perm 420 mode 1", null, Dialect.NineP2000);

    [Fact]
    public void Tcreate_unix() => Golden.Check(
        """
        18 00 00 00 72 01 00      | size 24, type 114, tag
        02 00 00 00               | fid
        01 00 78                  | name "x"
        FF 01 00 02               | perm DMSYMLINK 0777
        00                        | mode
        03 00 2E 2E 2F            | extension "../"
        """,
        "Tcreate tag 1 fid 2 name \"x\" perm 33554943 mode 0 extension \"../\"", null, Dialect.NineP2000u);

    [Fact]
    public void Tremove() => Golden.Check(
        """
        0B 00 00 00 7A 01 00      | size 11, type 122, tag
        02 00 00 00               | fid
        """,
        "Tremove tag 1 fid 2", null, Golden.All);

    [Fact]
    public void Twstat() => Golden.Check(
        """
        3F 00 00 00 7E 01 00      | size 63, type 126, tag
        02 00 00 00               | fid
        32 00                     | n 50
        30 00                     | stat.size 48
        FF FF                     | type: do not touch
        FF FF FF FF               | dev
        FF FF FF FF FF FF FF FF FF FF FF FF FF | qid
        FF FF FF FF               | mode
        FF FF FF FF               | atime
        FF FF FF FF               | mtime
        FF FF FF FF FF FF FF FF   | length
        01 00 79                  | name "y"
        00 00                     | uid ""
        00 00                     | gid ""
        00 00                     | muid ""
        """,
        "Twstat tag 1 fid 2 stat \"y\" (ff ffffffff ffffffffffffffff) mode ffffffff length 18446744073709551615 "
        + "mtime 4294967295", null, Dialect.NineP2000);

    private static void Linux(string golden, string trace) =>
        Golden.Check(golden, trace, null, Dialect.NineP2000L);
}
