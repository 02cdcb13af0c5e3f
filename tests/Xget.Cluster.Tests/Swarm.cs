using System.Net;
using System.Net.Sockets;

namespace Xget.Cluster.Tests;

/// <summary>
/// Many raw connections to one address of this machine, opened and held. They come from 127.0.0.2 and further in turn, so
/// that the ports of one address do not run out; they are dropped by a reset, which leaves nothing behind.
/// </summary>
internal sealed class Swarm : IDisposable
{
    private const int AtOnce = 64;
    private const int Sources = 8;
    private readonly List<Socket> _sockets = [];

    /// <summary>How many are held.</summary>
    public int Count => _sockets.Count;

    /// <summary>
    /// Opens so many more; each sends <paramref name="greeting"/> (by its number) and, where
    /// <paramref name="expected"/> says so, takes that many bytes of answer. How many could not be made or were hung
    /// up on is returned.
    /// </summary>
    public async Task<int> OpenAsync(
        IPEndPoint server, int count, Func<int, byte[]> greeting, Func<int, int>? expected = null)
    {
        int refused = 0;
        foreach (int[] batch in Enumerable.Range(0, count).Chunk(AtOnce))
        {
            IEnumerable<Task<Socket?>> opening =
                batch.Select(i => OneAsync(server, i, greeting(i), expected?.Invoke(i) ?? 0));
            foreach (Socket? socket in await Task.WhenAll(opening))
            {
                if (socket is null)
                {
                    refused++;
                }
                else
                {
                    _sockets.Add(socket);
                }
            }
        }

        return refused;
    }

    /// <summary>Drops all.</summary>
    public void Dispose()
    {
        foreach (Socket socket in _sockets)
        {
            socket.Dispose();
        }

        _sockets.Clear();
    }

    private static async Task<Socket?> OneAsync(IPEndPoint server, int number, byte[] greeting, int answer)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            LingerState = new LingerOption(true, 0),
        };
        try
        {
            socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)(2 + (number % Sources))]), 0));
            await socket.ConnectAsync(server);
            if (greeting.Length > 0)
            {
                await socket.SendAsync(greeting);
            }

            byte[] buffer = new byte[answer];
            for (int got = 0; got < answer;)
            {
                int more = await socket.ReceiveAsync(buffer.AsMemory(got));
                if (more == 0)
                {
                    throw new SocketException((int)SocketError.ConnectionReset);
                }

                got += more;
            }

            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }
}
