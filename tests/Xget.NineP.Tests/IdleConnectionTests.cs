using System.Net;
using System.Net.Sockets;
using Xget.Testing;

namespace Xget.NineP.Tests;

/// <summary>What a connection costs that does nothing; alone in its collection, as it measures the whole heap.</summary>
[Collection(nameof(IdleConnectionTests))]
[CollectionDefinition(nameof(IdleConnectionTests), DisableParallelization = true)]
public sealed class IdleConnectionTests
{
    [Fact]
    public async Task An_idle_connection_costs_the_server_below_4_KiB()
    {
        const int Count = 2000;
        const int Allowed = 4096;
        TestTree tree = new();
        NinePServer server = new(tree, new ServerOptions(), TimeProvider.System);
        await using IListener listener = new SocketTransport().Listen(new IPEndPoint(IPAddress.Loopback, 0));
        byte[] hello = [.. Frames.Version(8192, "9P2000.L"), .. Frames.Attach(1, 0)];
        byte[] replies = new byte[39];
        List<Socket> peers = [];
        List<Task> serving = [];
        long bare = 0;
        long before = 0;
        for (int i = -100; i < Count; i++)
        {
            if (i == 0)
            {
                // What the first hundred have warmed up is not an idle connection's cost.
                bare = CostOfPeers();
                before = GC.GetTotalMemory(forceFullCollection: true);
            }

            Socket peer = Connected(listener.Local);
            peers.Add(peer);
            serving.Add(server.ServeAsync(await listener.AcceptAsync(default), CancellationToken.None));
            peer.Send(hello);
            for (int at = 0; at < replies.Length;)
            {
                at += peer.Receive(replies.AsSpan(at));
            }
        }

        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Count - bare;
        Assert.Equal(Count + 100, server.ConnectionCount);
        foreach (Socket peer in peers)
        {
            peer.Dispose();
        }

        await Task.WhenAll(serving);
        Assert.InRange(each, 1, Allowed);
    }

    /// <summary>The peer's own end, which is not the server's to answer for.</summary>
    private static long CostOfPeers()
    {
        const int Some = 200;
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(Some);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Socket[] sockets = [.. Enumerable.Range(0, Some).Select(_ => Connected(listener.LocalEndPoint!))];
        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Some;
        foreach (Socket socket in sockets)
        {
            socket.Dispose();
        }

        return each;
    }

    private static Socket Connected(EndPoint to)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(to);
        return socket;
    }
}
