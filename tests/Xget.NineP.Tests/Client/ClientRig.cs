using Xget.Testing;

namespace Xget.NineP.Tests.Client;

/// <summary>A client, and a scripted server at the other end.</summary>
internal sealed class ClientRig : IAsyncDisposable
{
    private ClientRig(NinePClient client, ScriptedPeer peer, ManualTime time)
    {
        Client = client;
        Peer = peer;
        Time = time;
    }

    public NinePClient Client { get; }

    public ScriptedPeer Peer { get; }

    public ManualTime Time { get; }

    public static async Task<ClientRig> ConnectedAsync(Dialect dialect = Dialect.NineP2000L, int msize = 65536)
    {
        (MemoryConnection near, MemoryConnection far) = MemoryConnection.Pair();
        ManualTime time = new();
        ScriptedPeer peer = new(far);
        ValueTask<Reply<NinePClient>> connecting = NinePClient.ConnectAsync(
            near, new ClientOptions { Dialect = dialect, Msize = msize }, time, CancellationToken.None);
        byte[] version = await peer.ReceiveAsync();
        version[4] = (byte)MessageType.Rversion;
        await peer.SendAsync(version);
        Reply<NinePClient> reply = await connecting;
        Assert.True(reply.Ok);
        return new ClientRig(reply.Value, peer, time);
    }

    /// <summary>The next request, which must be of that type.</summary>
    public async Task<byte[]> ExpectAsync(MessageType type)
    {
        byte[] request = await Peer.ReceiveAsync();
        Assert.Equal(type, Frames.TypeOf(request));
        return request;
    }

    public ValueTask ReplyAsync(byte[] frame) => new(Peer.SendAsync(frame));

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Peer.DisposeAsync();
        Assert.Equal(0, Client.Outstanding);
        Assert.True(Client.Closed.IsCancellationRequested);
    }
}
