using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Xget.NineP;
using Xget.Testing;

namespace Xget.Node.Tests;

/// <summary>
/// A node's host in a network in memory. A test can refuse its connections, hold back what they bring, and cut them.
/// </summary>
internal sealed class HostTransport(MemoryTransport host) : ITransport
{
    private readonly ConcurrentQueue<Connection> _connections = new();

    /// <summary>A connection that the host made; the first to the master is the one for control, the next for data.</summary>
    public sealed record Connection(IPEndPoint Remote, int Number, MemoryConnection Near);

    public MemoryTransport Host => host;

    public IPAddress Address => host.Address;

    public IReadOnlyCollection<Connection> Connections => _connections;

    /// <summary>Whether nobody answers there, for the n-th connection (from 1) to that address.</summary>
    public Func<IPEndPoint, int, bool> Refuses { get; set; } = (_, _) => false;

    /// <summary>Whether what is sent there is dropped, for the n-th connection (from 1) to that address: no answer ever comes.</summary>
    public Func<IPEndPoint, int, bool> Drops { get; set; } = (_, _) => false;

    /// <summary>Where connections were dropped.</summary>
    public ConcurrentQueue<IPEndPoint> Dropped { get; } = new();

    /// <summary>What holds back the bytes of the n-th connection (from 1) to that address.</summary>
    public Func<IPEndPoint, int, Meter?> MeterOf { get; set; } = (_, _) => null;

    public async ValueTask<IConnection> ConnectAsync(EndPoint remote, CancellationToken ct)
    {
        var to = (IPEndPoint)remote;
        int number = 1 + _connections.Count(c => c.Remote.Equals(to));
        if (Refuses(to, number))
            throw new SocketException((int)SocketError.ConnectionRefused);
        if (Drops(to, number))
        {
            Dropped.Enqueue(to);
            await Task.Delay(Timeout.Infinite, ct);
        }
        IConnection near = await host.ConnectAsync(remote, ct);
        _connections.Enqueue(new Connection(to, number, (MemoryConnection)near));
        return MeterOf(to, number)?.Wrap(near) ?? near;
    }

    public IListener Listen(EndPoint local) => host.Listen(local);
}
