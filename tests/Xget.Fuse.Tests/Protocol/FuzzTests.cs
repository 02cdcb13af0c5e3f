using FsCheck;
using FsCheck.Fluent;
using static Xget.Fuse.Tests.Protocol.FakeKernel;

namespace Xget.Fuse.Tests.Protocol;

/// <summary>Whatever comes from the device is answered or refused, and never throws.</summary>
public class FuzzTests
{
    private static readonly HashSet<uint> Silent = [2, 36, 41, 42];

    [Fact]
    public void Any_bytes_are_survived() => Prop.ForAll<byte[]>(bytes =>
    {
        FakeKernel kernel = Connected(new ScriptedFiles(), new MountOptions { Trace = _ => { } });
        kernel.Deliver(bytes);
        Assert.InRange(kernel.ReplyCount, 0, 1);
        kernel.Clear();
        kernel.Ask(17, 1);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_body_of_any_operation_is_answered_exactly_once_if_at_all()
    {
        Random random = new(11);
        for (int i = 0; i < 20000; i++)
        {
            FakeKernel kernel = Connected(Files(), new MountOptions { Trace = _ => { } });
            uint opcode = (uint)random.Next(0, 60);
            byte[] body = new byte[random.Next(0, 200)];
            random.NextBytes(body);
            if (random.Next(2) == 0)
            {
                // Small numbers are more interesting.
                body = [.. body.Select(b => random.Next(3) == 0 ? b : (byte)0)];
            }

            byte[] request = Request(opcode, 4711, (ulong)random.NextInt64(), body);
            if (random.Next(10) == 0)
            {
                request[0] ^= (byte)random.Next(1, 256);
            }

            kernel.Deliver(request);
            Assert.Equal(Silent.Contains(opcode) ? 0 : 1, kernel.ReplyCount);
            kernel.Core.Requests.ForEach(_ => Assert.Fail("still in flight"));
        }
    }

    private static ScriptedFiles Files()
    {
        ScriptedFiles files = new()
        {
            Attr = new AttrOut(default, EntryOut.Forever),
            Bytes = new ReadOnlyMemory<byte>("some"u8.ToArray()),
            OnLookup = (_, _) => new EntryOut { NodeId = 5 }.AsAnswer(),
            OnRead = (_, size) => FuseData.Bytes(new byte[Math.Min(size, 100)]).AsAnswer(),
        };
        files.OnReadDir = (entries, _) =>
        {
            while (entries.TryAdd("name"u8, 1, 0x8000, 1))
            {
            }

            return ValueTask.FromResult<Mono.Unix.Native.Errno>(0);
        };
        return files;
    }
}
