using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Xget.NineP;

namespace Xget.Testing;

/// <summary>
/// A network in memory, as one host sees it. <see cref="NewHost"/> adds hosts; addresses and ports are handed out in
/// order, so that a run is the same each time. Thread-safe.
/// </summary>
public sealed class MemoryTransport : ITransport
{
    private const int FirstPort = 40000;
    private readonly Network _network;
    private int _nextPort = FirstPort;

    /// <summary>The first host, 10.0.0.1, of a new network.</summary>
    public MemoryTransport() : this(new Network())
    {
    }

    private MemoryTransport(Network network)
    {
        _network = network;
        int number = Interlocked.Increment(ref network.Hosts);
        Address = new IPAddress([10, (byte)(number >> 16), (byte)(number >> 8), (byte)number]);
    }

    /// <summary>This host's address.</summary>
    public IPAddress Address { get; }

    /// <summary>All client ends of connections that were ever made in this network, in order.</summary>
    public IReadOnlyCollection<MemoryConnection> Connections => _network.Connections;

    /// <summary>Another host of the same network.</summary>
    public MemoryTransport NewHost() => new(_network);

    /// <summary>Cuts every connection that this host made or accepted, as if its cable were pulled.</summary>
    public void CutAll()
    {
        foreach (MemoryConnection connection in _network.Connections)
        {
            if (Address.Equals(((IPEndPoint)connection.Local).Address)
                || Address.Equals(((IPEndPoint)connection.Remote).Address))
            {
                connection.Abort();
            }
        }
    }

    public ValueTask<IConnection> ConnectAsync(EndPoint remote, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        IPEndPoint to = remote is IPEndPoint { Address: var a, Port: var port } && IPAddress.IsLoopback(a)
            ? new IPEndPoint(Address, port)
            : (IPEndPoint)remote;
        if (!_network.Listeners.TryGetValue(to, out MemoryListener? listener))
        {
            throw new SocketException((int)SocketError.ConnectionRefused);
        }

        (MemoryConnection near, MemoryConnection far) = MemoryConnection.Pair(NextEndPoint(), to);
        _network.Connections.Enqueue(near);
        listener.Add(far);
        return ValueTask.FromResult<IConnection>(near);
    }

    public IListener Listen(EndPoint local)
    {
        int port = ((IPEndPoint)local).Port;
        IPEndPoint at = port == 0 ? NextEndPoint() : new IPEndPoint(Address, port);
        MemoryListener listener = new(at, l => _network.Listeners.TryRemove(new(at, l)));
        if (!_network.Listeners.TryAdd(at, listener))
        {
            throw new SocketException((int)SocketError.AddressAlreadyInUse);
        }

        return listener;
    }

    private IPEndPoint NextEndPoint() => new(Address, Interlocked.Increment(ref _nextPort));

    private sealed class Network
    {
        public int Hosts;

        public ConcurrentDictionary<IPEndPoint, MemoryListener> Listeners { get; } = new();

        public ConcurrentQueue<MemoryConnection> Connections { get; } = new();
    }
}
