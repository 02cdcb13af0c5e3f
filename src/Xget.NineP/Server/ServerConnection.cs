using System.Net;

namespace Xget.NineP;

/// <summary>A server's view of one peer. Thread-safe.</summary>
public sealed class ServerConnection
{
    private readonly Session _session;

    internal ServerConnection(Session session) => _session = session;

    /// <summary>The peer's address.</summary>
    public EndPoint Remote => _session.Connection.Remote;

    /// <summary>The address that it connected to.</summary>
    public EndPoint Local => _session.Connection.Local;

    /// <summary>The user's name as the first attach gave it; empty before.</summary>
    public string UserName { get; internal set; } = "";

    /// <summary>The user's number as the first attach gave it.</summary>
    public uint? NUname { get; internal set; }

    /// <summary>The dialect spoken since the last Tversion.</summary>
    public Dialect Dialect => _session.Dialect;

    /// <summary>For the server's user.</summary>
    public object? Tag { get; set; }

    /// <summary>Cancelled when the connection is lost.</summary>
    public CancellationToken Closed => _session.Closed;

    /// <summary>Closes the connection at once.</summary>
    public void Abort() => _session.Abort();
}
