using Mono.Unix.Native;

namespace Xget.NineP.Tests.Protocol;

/// <summary>Version, auth, attach, errors, flush.</summary>
public sealed class GoldenSessionTests
{
    [Fact]
    public void Tversion() => Golden.Check(
        """
        15 00 00 00               | size 21
        64                        | type 100
        FF FF                     | tag NOTAG
        18 80 00 00               | msize 32792
        08 00 39 50 32 30 30 30 2E 75 | version "9P2000.u"
        """,
        "Tversion tag 65535 msize 32792 version \"9P2000.u\"",
        f => VersionMessage.Write(f, MessageType.Tversion, 0xFFFF, 32792, "9P2000.u"u8), Golden.All);

    [Fact]
    public void Rversion() => Golden.Check(
        """
        13 00 00 00               | size 19
        65                        | type 101
        FF FF                     | tag NOTAG
        18 80 00 00               | msize 32792
        06 00 39 50 32 30 30 30   | version "9P2000"
        """,
        "Rversion tag 65535 msize 32792 version \"9P2000\"",
        f => VersionMessage.Write(f, MessageType.Rversion, 0xFFFF, 32792, "9P2000"u8), Golden.All);

    [Fact]
    public void Tauth_plain() => Golden.Check(
        """
        14 00 00 00               | size 20
        66                        | type 102
        01 00                     | tag
        02 00 00 00               | afid
        04 00 72 6F 6F 74         | uname "root"
        01 00 2F                  | aname "/"
        """,
        "Tauth tag 1 afid 2 uname \"root\" aname \"/\"",
        f => NineP.Tauth.Write(f, Dialect.NineP2000, 1, 2, "root"u8, "/"u8, 9), Dialect.NineP2000);

    [Fact]
    public void Tauth_numbered() => Golden.Check(
        """
        18 00 00 00               | size 24
        66                        | type 102
        01 00                     | tag
        02 00 00 00               | afid
        04 00 72 6F 6F 74         | uname "root"
        01 00 2F                  | aname "/"
        E8 03 00 00               | n_uname 1000
        """,
        "Tauth tag 1 afid 2 uname \"root\" aname \"/\" n_uname 1000",
        f => NineP.Tauth.Write(f, Dialect.NineP2000L, 1, 2, "root"u8, "/"u8, 1000), Golden.Numbered);

    [Fact]
    public void Rauth() => Golden.Check(
        """
        14 00 00 00               | size 20
        67                        | type 103
        01 00                     | tag
        08                        | aqid.type QTAUTH
        01 00 00 00               | aqid.version
        02 00 00 00 00 00 00 00   | aqid.path
        """,
        "Rauth tag 1 aqid (08 1 2)",
        f => QidMessage.Write(f, MessageType.Rauth, 1, new(QidType.Authentication, 1, 2)), Golden.All);

    [Fact]
    public void Tattach_plain() => Golden.Check(
        """
        17 00 00 00               | size 23
        68                        | type 104
        00 00                     | tag
        00 00 00 00               | fid
        FF FF FF FF               | afid NOFID
        04 00 72 6F 6F 74         | uname "root"
        00 00                     | aname ""
        """,
        "Tattach tag 0 fid 0 afid ~0 uname \"root\" aname \"\"",
        f => NineP.Tattach.Write(f, Dialect.NineP2000, 0, 0, 0xFFFFFFFF, "root"u8, ""u8, 0), Dialect.NineP2000);

    [Fact]
    public void Tattach_numbered() => Golden.Check(
        """
        1B 00 00 00               | size 27
        68                        | type 104
        00 00                     | tag
        00 00 00 00               | fid
        FF FF FF FF               | afid NOFID
        04 00 72 6F 6F 74         | uname "root"
        00 00                     | aname ""
        FF FF FF FF               | n_uname NONUNAME
        """,
        "Tattach tag 0 fid 0 afid ~0 uname \"root\" aname \"\" n_uname ~0",
        f => NineP.Tattach.Write(f, Dialect.NineP2000u, 0, 0, 0xFFFFFFFF, "root"u8, ""u8, 0xFFFFFFFF), Golden.Numbered);

    [Fact]
    public void Rattach() => Golden.Check(
        """
        14 00 00 00               | size 20
        69                        | type 105
        00 00                     | tag
        80                        | qid.type QTDIR
        78 56 34 12               | qid.version
        EF CD AB 89 67 45 23 01   | qid.path
        """,
        "Rattach tag 0 qid (80 12345678 123456789abcdef)",
        f => QidMessage.Write(f, MessageType.Rattach, 0, new(QidType.Directory, 0x12345678, 0x0123456789ABCDEF)),
        Golden.All);

    [Fact]
    public void Rerror_plain() => Golden.Check(
        """
        17 00 00 00               | size 23
        6B                        | type 107
        03 00                     | tag
        0E 00 66 69 6C 65 20 6E 6F 74 20 66 6F 75 6E 64 | ename "file not found"
        """,
        "Rerror tag 3 ename \"file not found\"",
        f => ErrorMessage.Write(f, Dialect.NineP2000, 3, Errno.ENOENT, ErrorText.Of(Errno.ENOENT)),
        Dialect.NineP2000);

    [Fact]
    public void Rerror_unix() => Golden.Check(
        """
        1E 00 00 00               | size 30
        6B                        | type 107
        03 00                     | tag
        11 00 70 65 72 6D 69 73 73 69 6F 6E 20 64 65 6E 69 65 64 | ename "permission denied"
        0D 00 00 00               | errno EACCES
        """,
        "Rerror tag 3 ename \"permission denied\" errno 13",
        f => ErrorMessage.Write(f, Dialect.NineP2000u, 3, Errno.EACCES, ErrorText.Of(Errno.EACCES)),
        Dialect.NineP2000u);

    [Fact]
    public void Rlerror() => Golden.Check(
        """
        0B 00 00 00               | size 11
        07                        | type 7
        03 00                     | tag
        1E 00 00 00               | ecode EROFS
        """,
        "Rlerror tag 3 ecode 30",
        f => ErrorMessage.Write(f, Dialect.NineP2000L, 3, Errno.EROFS, ""u8), Dialect.NineP2000L);

    [Fact]
    public void Tflush() => Golden.Check(
        """
        09 00 00 00               | size 9
        6C                        | type 108
        04 00                     | tag
        03 00                     | oldtag
        """,
        "Tflush tag 4 oldtag 3", f => NineP.Tflush.Write(f, 4, 3), Golden.All);

    [Fact]
    public void Rflush() => Golden.Check(
        """
        07 00 00 00               | size 7
        6D                        | type 109
        04 00                     | tag
        """,
        "Rflush tag 4", f => EmptyMessage.Write(f, MessageType.Rflush, 4), Golden.All);
}
