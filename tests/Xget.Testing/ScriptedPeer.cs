using System.Buffers.Binary;
using Xget.NineP;

namespace Xget.Testing;

/// <summary>One end of a 9P conversation that is written down in a test: it sends and expects whole frames.</summary>
public sealed class ScriptedPeer(IConnection connection) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public IConnection Connection => connection;

    /// <summary>Sends bytes as they are: one frame, several, or half of one.</summary>
    public async Task SendAsync(params byte[][] frames) =>
        await connection.SendAsync(frames.SelectMany(f => f).ToArray(), CancellationToken.None);

    /// <summary>The next frame; null at the end of the connection.</summary>
    public async Task<byte[]?> TryReceiveAsync()
    {
        using CancellationTokenSource patience = new(Patience);
        byte[] size = new byte[4];
        if (!await FillAsync(size, patience.Token))
        {
            return null;
        }

        byte[] frame = new byte[BinaryPrimitives.ReadUInt32LittleEndian(size)];
        size.CopyTo(frame, 0);
        return await FillAsync(frame.AsMemory(4), patience.Token) ? frame : null;
    }

    /// <summary>The next frame, which must be there.</summary>
    public async Task<byte[]> ReceiveAsync() =>
        await TryReceiveAsync() ?? throw new EndOfStreamException("The connection ended where a frame was expected.");

    /// <summary>Sends one request and takes one reply.</summary>
    public async Task<byte[]> AskAsync(byte[] request)
    {
        await SendAsync(request);
        return await ReceiveAsync();
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private async Task<bool> FillAsync(Memory<byte> to, CancellationToken ct)
    {
        while (!to.IsEmpty)
        {
            int received;
            try
            {
                received = await connection.ReceiveAsync(to, ct);
            }
            catch (IOException)
            {
                return false;
            }

            if (received == 0)
            {
                return false;
            }

            to = to[received..];
        }

        return true;
    }
}
