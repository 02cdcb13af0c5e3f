using System.Net;

namespace Xget.NineP;

/// <summary>Where connections come in.</summary>
public interface IListener : IAsyncDisposable
{
    /// <summary>The address listened on, with the port that was chosen when 0 was asked for.</summary>
    EndPoint Local { get; }

    /// <summary>Waits for the next connection.</summary>
    ValueTask<IConnection> AcceptAsync(CancellationToken ct);

    /// <summary>When accepting fails for want of descriptors: closes the connection that waits the longest, so that its peer need not
    /// wait to learn that. Does nothing where that is not possible.</summary>
    void Refuse()
    {
    }
}
