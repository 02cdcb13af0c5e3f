namespace Xget.NineP;

/// <summary>
/// Sees to it that peers which come to a slow link get equal shares of it: those that come at once (<see cref="Gathering"/>),
/// and one that comes later (<see cref="QuietMoment"/>). Asked before data are sent. Thread-safe.
/// </summary>
internal sealed class Newcomers(TimeProvider time)
{
    private readonly Gathering _gathering = new(time);
    private readonly QuietMoment _quiet = new(time);

    /// <summary>A peer has come.</summary>
    public void Arrived() => _gathering.Arrived();

    /// <summary>How much of so many bytes the caller may send to that connection at once.</summary>
    public Allowance Ask(IConnection connection, int bytes) =>
        _gathering.Ask(connection, bytes) is var allowance && allowance != Allowance.All ? allowance : _quiet.Ask(connection, bytes);

    /// <summary>A connection has ended: it asks no more.</summary>
    public void Left(IConnection connection) => _quiet.Left(connection);
}

/// <summary>How much may be sent to a connection.</summary>
internal enum Allowance
{
    /// <summary>All of it.</summary>
    All,

    /// <summary>Some packets, which no other data delay: the connection's round trip is measured.</summary>
    Little,

    /// <summary>Nothing yet.</summary>
    None,
}
