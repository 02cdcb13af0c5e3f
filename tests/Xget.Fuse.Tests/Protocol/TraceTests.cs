using Mono.Unix.Native;
using static Xget.Fuse.Tests.Protocol.FakeKernel;

namespace Xget.Fuse.Tests.Protocol;

public class TraceTests
{
    [Fact]
    public void Requests_and_replies_are_traced_in_words()
    {
        List<string> lines = [];
        FakeKernel kernel = Connected(new ScriptedFiles(), new MountOptions { Trace = lines.Add });
        lines.Clear();
        kernel.Ask(1, 1, Name("a name"));
        kernel.Ask(15, 5, ReadBody(9, 4096, 512));
        kernel.Ask(45, 5, [.. new byte[16], .. Name("a"), .. Name("b")]);
        kernel.Ask(99, 5);
        Assert.Equal(
        [
            "104 LOOKUP node 1 uid 1000 gid 1001 pid 4242 'a name'",
            "104 -> ENOENT 16 bytes",
            "106 READ node 5 uid 1000 gid 1001 pid 4242"
                + " ReadIn { Fh = 9, Offset = 4096, Size = 512, ReadFlags = 0, LockOwner = 0, Flags = 0 }",
            "106 -> EIO 16 bytes",
            "108 RENAME2 node 5 uid 1000 gid 1001 pid 4242 'a' 'b'",
            "108 -> EROFS 16 bytes",
            "110 opcode 99 node 5 uid 1000 gid 1001 pid 4242",
            "110 -> ENOSYS 16 bytes",
        ], lines);
        Assert.DoesNotContain(lines, line => line.Contains(nameof(Errno), StringComparison.Ordinal));
    }
}
