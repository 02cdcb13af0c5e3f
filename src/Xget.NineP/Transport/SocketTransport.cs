using System.Net;
using System.Net.Sockets;

namespace Xget.NineP;

/// <summary>TCP. Thread-safe.</summary>
/// <param name="connectTimeout">How long a connection may take to be made.</param>
/// <param name="time">The clock for that; the system's by default.</param>
/// <param name="source">The local address that connections are made from; the system's choice by default.</param>
public sealed class SocketTransport(TimeSpan connectTimeout, TimeProvider? time = null, IPAddress? source = null) : ITransport
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>TCP with ten seconds for a connection.</summary>
    public SocketTransport() : this(TimeSpan.FromSeconds(10))
    {
    }

    /// <inheritdoc/>
    public async ValueTask<IConnection> ConnectAsync(EndPoint remote, CancellationToken ct)
    {
        Socket socket = remote is IPEndPoint ip
            ? new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        using CancellationTokenSource timeout = new(connectTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        try
        {
            if (source is not null)
            {
                socket.Bind(new IPEndPoint(source, 0));
            }

            await socket.ConnectAsync(remote, either.Token);
            return new SocketConnection(socket);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IListener Listen(EndPoint local)
    {
        if (local is IPEndPoint ip && ip.Address.Equals(IPAddress.IPv6Any) && !Socket.OSSupportsIPv6)
        {
            local = new IPEndPoint(IPAddress.Any, ip.Port);
        }

        Socket socket = new(local.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            return new SocketListener(socket, local);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
