using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Xget.NineP;

/// <summary>A TCP connection.</summary>
internal sealed class SocketConnection : IConnection
{
    private const int CopyPiece = 64 * 1024;
    private const int MostWaitedFor = 64 * 1024;
    private const int SolSocket = 1;
    private const int SoRcvLowat = 18;
    private const int TcpInfo = 11; // linux/tcp.h, TCP_INFO
    private const int TcpInfoMinRtt = 148; // and tcpi_min_rtt in its struct
    private readonly Socket _socket;
    private int _wakeAt = 1;
    private bool _isEmpty;

    public SocketConnection(Socket socket)
    {
        _socket = socket;

        // sendfile(2) below takes the descriptor as it is, so it must not block.
        socket.Blocking = false;
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        Remote = Plain(socket.RemoteEndPoint);
        Local = Plain(socket.LocalEndPoint);
    }

    public EndPoint Remote { get; }

    public EndPoint Local { get; }

    public int Unacknowledged
    {
        get
        {
            try
            {
                return NativeSocket.Unacknowledged(_socket.SafeHandle);
            }
            catch (ObjectDisposedException)
            {
                return 0;
            }
        }
    }

    public TimeSpan LeastRoundTrip
    {
        get
        {
            Span<byte> info = stackalloc byte[TcpInfoMinRtt + sizeof(uint)];
            try
            {
                if (_socket.GetRawSocketOption((int)SocketOptionLevel.Tcp, TcpInfo, info) < info.Length)
                {
                    return default;
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return default;
            }

            uint microseconds = MemoryMarshal.Read<uint>(info[TcpInfoMinRtt..]);
            return microseconds == uint.MaxValue ? default : TimeSpan.FromMicroseconds(microseconds);
        }
    }

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct)
    {
        WakeAt(1);
        return _socket.ReceiveAsync(buffer, SocketFlags.None, ct);
    }

    public ValueTask<int> ReceiveMostAsync(Memory<byte> buffer, CancellationToken ct)
    {
        if (!_isEmpty)
        {
            // Mostly all of it is there by now, and the water mark (and the event that setting it makes) is not needed.
            int received = NativeSocket.TryReceive(_socket.SafeHandle, buffer.Span);
            if (received > 0)
            {
                _isEmpty = received < buffer.Length;
                return new(received);
            }
        }

        _isEmpty = false;
        WakeAt(Math.Min(buffer.Length, MostWaitedFor));
        return _socket.ReceiveAsync(buffer, SocketFlags.None, ct);
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        // Mostly there is room. The framework's way would keep its state, and the buffer last sent, with the socket.
        int sent = NativeSocket.TrySend(_socket.SafeHandle, data.Span, more: false);
        return sent == data.Length ? ValueTask.CompletedTask : SendRestAsync(data[sent..], ct);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendRestAsync(ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        while (!data.IsEmpty)
        {
            int sent = await _socket.SendAsync(data, SocketFlags.None, ct);
            data = data[sent..];
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendFileAsync(
        ReadOnlyMemory<byte> header, SafeFileHandle file, long offset, int count, CancellationToken ct)
    {
        int sent = NativeSocket.TrySend(_socket.SafeHandle, header.Span, more: count > 0);
        if (sent < header.Length)
        {
            await SendRestAsync(header[sent..], ct);
        }

        while (count > 0)
        {
            int moved = NativeSocket.TrySendFile(_socket.SafeHandle, file, offset, count);
            if (moved == NativeSocket.WouldBlock)
            {
                // The socket is full (or this file cannot be spliced): a send of a copied piece waits for room.
                moved = await SendCopyAsync(file, offset, Math.Min(count, CopyPiece), ct);
            }

            if (moved == 0)
            {
                throw new EndOfStreamException("The file is shorter than the range that was to be sent.");
            }

            offset += moved;
            count -= moved;
        }
    }

    public void Abort() => _socket.Close(timeout: 0);

    public ValueTask DisposeAsync()
    {
        try
        {
            // Wakes a receive on this side and lets the peer read what was sent.
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // Not connected any more.
        }
        catch (ObjectDisposedException)
        {
            // Aborted before.
        }

        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> SendCopyAsync(SafeFileHandle file, long offset, int count, CancellationToken ct)
    {
        byte[] piece = ArrayPool<byte>.Shared.Rent(count);
        try
        {
            int read = RandomAccess.Read(file, piece.AsSpan(0, count), offset);
            await SendAsync(piece.AsMemory(0, read), ct);
            return read;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <summary>The kernel's low-water mark (socket(7)): the socket is not ready to be read before so much is there.</summary>
    private void WakeAt(int bytes)
    {
        if (_wakeAt == bytes)
        {
            return;
        }

        _wakeAt = bytes;
        _socket.SetRawSocketOption(SolSocket, SoRcvLowat, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in bytes)));
    }

    /// <summary>An IPv4 peer of a socket for both families is shown as the IPv4 peer that it is.</summary>
    private static EndPoint Plain(EndPoint? address) => address switch
    {
        IPEndPoint { Address.IsIPv4MappedToIPv6: true } ip => new IPEndPoint(ip.Address.MapToIPv4(), ip.Port),
        null => throw new SocketException((int)SocketError.NotConnected),
        _ => address,
    };
}
