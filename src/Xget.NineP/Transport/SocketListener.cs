using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Xget.NineP;

/// <summary>A listening TCP socket; on IPv6's "any" address it takes IPv4 too.</summary>
internal sealed class SocketListener : IListener
{
    private const int Backlog = 4096;
    private const int SolSocket = 1;
    private const int SoReuseAddress = 2;
    private readonly Socket _socket;

    /// <summary>A descriptor that is given up to take a connection which there is no descriptor for.</summary>
    private SafeFileHandle? _spare = Spare();

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

    public void Refuse()
    {
        _spare?.Dispose();
        try
        {
            // The listening socket does not block, so this ends at once whether or not somebody waits.
            if (_socket.Poll(0, SelectMode.SelectRead))
            {
                _socket.Accept().Close(timeout: 0);
            }
        }
        catch (SocketException)
        {
            // Nobody waits any more, or another thread was faster with the descriptor.
        }
        catch (ObjectDisposedException)
        {
            return;
        }

        _spare = Spare();
    }

    public ValueTask DisposeAsync()
    {
        _spare?.Dispose();
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private static SafeFileHandle? Spare()
    {
        try
        {
            return File.OpenHandle("/dev/null");
        }
        catch (IOException)
        {
            return null;
        }
    }
}
