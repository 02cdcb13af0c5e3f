using System.Net;

namespace Xget.NineP;

/// <summary>Where connections come in.</summary>
public interface IListener : IAsyncDisposable
{
    /// <summary>The address listened on, with the port that was chosen when 0 was asked for.</summary>
    EndPoint Local { get; }

    /// <summary>Waits for the next connection.</summary>
    ValueTask<IConnection> AcceptAsync(CancellationToken ct);
}
