using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Xget.Interop.Tests.Original;

/// <summary>
/// A connection that carries 9P messages: written from the manual, and on purpose not with Xget's own codec, so that
/// both cannot have the same field wrong.
/// </summary>
internal sealed class Wire(Socket socket) : IDisposable
{
    private const uint LargestMessage = 1 << 20;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static async Task<Wire> ConnectAsync(string host, int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(host), port);
            return new Wire(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task SendAsync(Kind kind, ushort tag, byte[] body)
    {
        byte[] frame = new Fields().U32((uint)(7 + body.Length)).U8((byte)kind).U16(tag).Add(body).ToArray();
        await SendRawAsync(frame);
    }

    public async Task SendRawAsync(byte[] bytes) => await socket.SendAsync(bytes, SocketFlags.None);

    /// <summary>The next message; null at the end of the connection.</summary>
    public async Task<Message?> ReceiveAsync()
    {
        byte[] head = new byte[7];
        if (!await FillAsync(head))
        {
            return null;
        }

        uint size = BinaryPrimitives.ReadUInt32LittleEndian(head);
        Assert.InRange(size, 7u, LargestMessage);
        byte[] body = new byte[size - 7];
        Assert.True(await FillAsync(body), "the connection ended inside a message");
        return new Message((Kind)head[4], BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(5)), body);
    }

    public void Dispose() => socket.Dispose();

    private async Task<bool> FillAsync(Memory<byte> buffer)
    {
        using var timer = new CancellationTokenSource(Deadline);
        for (int filled = 0; filled < buffer.Length;)
        {
            int got;
            try
            {
                got = await socket.ReceiveAsync(buffer[filled..], SocketFlags.None, timer.Token);
            }
            catch (SocketException)
            {
                return false;
            }

            if (got == 0)
            {
                return false;
            }

            filled += got;
        }

        return true;
    }
}
