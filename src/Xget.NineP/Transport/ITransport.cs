using System.Net;

namespace Xget.NineP;

/// <summary>A network: makes connections and listeners. Thread-safe.</summary>
public interface ITransport
{
    /// <summary>Connects to <paramref name="remote"/>.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">Nobody listens there, or nobody answers in time.</exception>
    ValueTask<IConnection> ConnectAsync(EndPoint remote, CancellationToken ct);

    /// <summary>Listens on <paramref name="local"/>; port 0 chooses a free one.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The address is in use or not ours.</exception>
    IListener Listen(EndPoint local);
}
