using System.Net;
using System.Net.Sockets;
using Xget.Testing;

namespace Xget.NineP.Tests.Server;

/// <summary>Accepting connections, and what to do when that fails.</summary>
public sealed class AcceptTests
{
    private readonly ManualTime _time = new();
    private readonly TestTree _tree = new();
    private readonly List<string> _complaints = [];

    private NinePServer Server() =>
        new(_tree, new ServerOptions { Complaint = (_, text) => _complaints.Add(text) }, _time);

    [Fact]
    public async Task Out_of_descriptors_the_oldest_silent_connection_goes_and_accepting_goes_on()
    {
        (MemoryConnection silent, MemoryConnection far) = MemoryConnection.Pair();
        FailingListener listener = new() { Next = () => far };
        using CancellationTokenSource stop = new();
        Task running = Server().RunAsync(listener, stop.Token);
        await listener.AskedAsync(2);

        listener.Next = () => throw new SocketException((int)SocketError.TooManyOpenSockets);
        listener.Go();
        Assert.Null(await new ScriptedPeer(silent).TryReceiveAsync());
        Assert.Equal(["cannot accept", "makes room for another connection (no descriptors are left)"], _complaints.Select(c => c.Split(':')[0]));

        // It fails again and again, but complains once a second at most.
        for (int i = 3; i < 20; i++)
        {
            await PausedAsync(listener, i);
            listener.Go();
        }

        long seconds = _time.GetTimestamp() / TimeSpan.TicksPerSecond;
        Assert.InRange(_complaints.Count, 2, 2 + seconds);
        (MemoryConnection late, MemoryConnection served) = MemoryConnection.Pair();
        await PausedAsync(listener, 20);
        listener.Next = () => served;
        listener.Go();
        ScriptedPeer peer = new(late);
        Assert.Equal(MessageType.Rversion, Frames.TypeOf(await peer.AskAsync(Frames.Version(8192, "9P2000"))));

        await stop.CancelAsync();
        await running;
        Assert.Null(await peer.TryReceiveAsync());
        Assert.Equal(2, _tree.Disconnections);
    }

    [Fact]
    public async Task A_peer_that_is_gone_before_it_is_accepted_is_nobodys_fault()
    {
        FailingListener listener = new()
        {
            Next = () => throw new SocketException((int)SocketError.ConnectionAborted),
        };
        using CancellationTokenSource stop = new();
        Task running = Server().RunAsync(listener, stop.Token);
        await listener.AskedAsync(2);
        listener.Go();
        await listener.AskedAsync(3);
        await stop.CancelAsync();
        await running;
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task A_disposed_listener_ends_the_accepting_and_waits_for_the_connections()
    {
        MemoryTransport transport = new();
        IListener listener = transport.Listen(new IPEndPoint(IPAddress.Any, 0));
        Task running = Server().RunAsync(listener, CancellationToken.None);
        ScriptedPeer peer = new(await transport.ConnectAsync(listener.Local, default));
        await peer.AskAsync(Frames.Version(8192, "9P2000"));
        await listener.DisposeAsync();
        await peer.AskAsync(Frames.Attach(1, 0, dialect: Dialect.NineP2000));
        Assert.False(running.IsCompleted);
        await peer.DisposeAsync();
        await running;
    }

    /// <summary>Lets the pause after a failure pass.</summary>
    private async Task PausedAsync(FailingListener listener, int asked)
    {
        while (listener.Asked < asked)
        {
            await Task.Yield();
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }
    }

    /// <summary>Does the first time what it is told at once, and afterwards when it is told to go.</summary>
    private sealed class FailingListener : IListener
    {
        private readonly SemaphoreSlim _go = new(1);
        private int _asked;

        public required Func<IConnection> Next { get; set; }

        public EndPoint Local { get; } = new IPEndPoint(IPAddress.Any, 9);

        public int Asked => Volatile.Read(ref _asked);

        public void Go() => _go.Release();

        public async Task AskedAsync(int times)
        {
            while (Asked < times)
            {
                await Task.Yield();
            }
        }

        public async ValueTask<IConnection> AcceptAsync(CancellationToken ct)
        {
            Interlocked.Increment(ref _asked);
            await _go.WaitAsync(ct);
            return Next();
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
