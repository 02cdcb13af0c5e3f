using System.Net;
using System.Net.Sockets;

namespace Xget.NineP;

/// <summary>A listening TCP socket; on IPv6's "any" address it takes IPv4 too.</summary>
internal sealed class SocketListener : IListener
{
    private const int Backlog = 4096;
    private const int SolSocket = 1;
    private const int SoReuseAddress = 2;
    private readonly Socket _socket;

    public SocketListener(Socket socket, EndPoint local)
    {
        _socket = socket;
        // Raw, for the framework's ReuseAddress is SO_REUSEPORT too: then two servers could have one port.
        socket.SetRawSocketOption(SolSocket, SoReuseAddress, BitConverter.GetBytes(1));
        if (local is IPEndPoint { AddressFamily: AddressFamily.InterNetworkV6 } ip)
        {
            socket.DualMode = ip.Address.Equals(IPAddress.IPv6Any);
        }

        socket.Bind(local);
        socket.Listen(Backlog);
        Local = socket.LocalEndPoint ?? local;
    }

    public EndPoint Local { get; }

    public async ValueTask<IConnection> AcceptAsync(CancellationToken ct)
    {
        Socket socket = await _socket.AcceptAsync(ct);
        try
        {
            return new SocketConnection(socket);
        }
        catch
        {
            // The peer may be gone before its options are set.
            socket.Dispose();
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
