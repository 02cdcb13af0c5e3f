using System.Collections.Concurrent;
using Mono.Unix.Native;
using Xget.Testing;

namespace Xget.NineP.Tests.Server;

/// <summary>A server of a small tree, and a peer that speaks to it frame by frame.</summary>
internal sealed class ServerRig : IAsyncDisposable
{
    public ServerRig(ServerOptions? options = null)
    {
        Options = (options ?? new ServerOptions()) with { Complaint = (_, text) => Complaints.Enqueue(text) };
        Server = new NinePServer(Tree, Options, Time);
        Hello = Tree.Root.AddFile("hello", "Hello, world");
        (Near, Far) = MemoryConnection.Pair();
        Serving = Server.ServeAsync(Far, CancellationToken.None);
        Peer = new ScriptedPeer(Near);
    }

    public ServerOptions Options { get; }

    public TestTree Tree { get; } = new();

    public TestFile Hello { get; }

    public ManualTime Time { get; } = new();

    public NinePServer Server { get; }

    /// <summary>The peer's end.</summary>
    public MemoryConnection Near { get; }

    /// <summary>The server's end.</summary>
    public MemoryConnection Far { get; }

    public Task Serving { get; }

    public ScriptedPeer Peer { get; }

    public ConcurrentQueue<string> Complaints { get; } = new();

    public static string NameOf(Dialect dialect) => dialect switch
    {
        Dialect.NineP2000L => "9P2000.L",
        Dialect.NineP2000u => "9P2000.u",
        _ => "9P2000",
    };

    /// <summary>A server whose peer has agreed on a dialect and attached fid 0.</summary>
    public static async Task<ServerRig> AttachedAsync(
        Dialect dialect = Dialect.NineP2000L, uint msize = 65536, ServerOptions? options = null)
    {
        ServerRig rig = new(options);
        await rig.Peer.AskAsync(Frames.Version(msize, NameOf(dialect)));
        await rig.ExpectAsync(Frames.Attach(1, 0, dialect: dialect), MessageType.Rattach);
        return rig;
    }

    /// <summary>Asks, and wants that type of reply with the request's tag.</summary>
    public async Task<byte[]> ExpectAsync(byte[] request, MessageType reply)
    {
        byte[] answer = await Peer.AskAsync(request);
        Assert.Equal(reply, Frames.TypeOf(answer));
        Assert.Equal(Frames.TagOf(request), Frames.TagOf(answer));
        return answer;
    }

    /// <summary>Asks, and wants an error (of .L).</summary>
    public async Task ExpectErrorAsync(byte[] request, Errno error)
    {
        byte[] answer = await ExpectAsync(request, MessageType.Rlerror);
        Assert.Equal(error, (Errno)Wire.U32(answer, 7));
    }

    /// <summary>Walks to a file and opens it.</summary>
    public async Task OpenAsync(uint fid, string name, OpenFlags flags = OpenFlags.O_RDONLY)
    {
        await ExpectAsync(Frames.Walk(90, 0, fid, name), MessageType.Rwalk);
        await ExpectAsync(Frames.LOpen(91, fid, flags), MessageType.Rlopen);
    }

    /// <summary>Lets the clock go on until a task ends, for a second at most.</summary>
    public async Task TickUntilAsync(Task ended)
    {
        for (int i = 0; i < 1000 && !ended.IsCompleted; i++)
        {
            Time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Delay(1);
        }
    }

    /// <summary>Lets the clock go on by steps until a task ends, giving the server's threads time between them.</summary>
    public async Task AdvanceUntilAsync(Task ended, TimeSpan step)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!ended.IsCompleted)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(60), "waited in vain");
            Time.Advance(step);
            await Task.Delay(1);
        }
    }

    /// <summary>Wants the connection to be closed by the server, with that many complaints.</summary>
    public async Task ExpectClosedAsync(int complaints = 1)
    {
        Assert.Null(await Peer.TryReceiveAsync());
        await Serving;
        Assert.Equal(complaints, Complaints.Count);
        AssertNothingLeft();
    }

    public void AssertNothingLeft()
    {
        Assert.Equal(0, Tree.Open);
        Assert.Equal(1, Tree.Disconnections);
        Assert.Equal(0, Tree.OpenAtDisconnection);
        Assert.Equal(0, Hello.Leases);
    }

    public async ValueTask DisposeAsync()
    {
        await Peer.DisposeAsync();
        await Serving;
        AssertNothingLeft();
    }
}
