namespace Xget.NineP;

/// <summary>
/// What peers may make a server hold and do: for each connection, for all connections of an address, and in all. Past a
/// limit that peer waits (nothing is read from its socket), gets an error, or is cut off; docs/LIMITS.md says which.
/// </summary>
public sealed record ServerLimits
{
    /// <summary>Bytes that a fid is counted with, besides what its open file says that it holds.</summary>
    public const int FidBytes = 1024;

    /// <summary>Most connections in all. Past it the idle connection that has been silent the longest, of the address with the
    /// most connections, is closed; the newcomer if none is idle.</summary>
    public int MaxConnections { get; init; } = 65_536;

    /// <summary>Most connections of one address. Past it its idle connection that has been silent the longest is closed; the
    /// newcomer if none is idle.</summary>
    public int MaxConnectionsPerAddress { get; init; } = 32_768;

    /// <summary>Most connections in all that have sent no Tversion. Past it the oldest such one of the address with the most is
    /// closed.</summary>
    public int MaxUnversioned { get; init; } = 1024;

    /// <summary>Most connections of one address that have sent no Tversion. Past it the oldest such one is closed.</summary>
    public int MaxUnversionedPerAddress { get; init; } = 256;

    /// <summary>How long a connection may take until its Tversion; then it is closed.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Most fids of a connection. Past it a request for one more gets EMFILE.</summary>
    public int MaxFids { get; init; } = 65_536;

    /// <summary>Most bytes that the fids of one address hold: <see cref="FidBytes"/> each, what their open files say that they
    /// hold, and copies of directories. Past it a request for more gets EMFILE; an open file that has grown past it ends the
    /// connection.</summary>
    public long MaxHeldBytesPerAddress { get; init; } = 128 << 20;

    /// <summary>Most bytes that all fids hold; past it as <see cref="MaxHeldBytesPerAddress"/>.</summary>
    public long MaxHeldBytes { get; init; } = 512 << 20;

    /// <summary>Most reads and writes of a connection that wait. Past it nothing is read from it until one ends.</summary>
    public int MaxWaiting { get; init; } = 4096;

    /// <summary>Most waiting reads and writes of one address. Past it nothing is read from its connections that have more than
    /// <see cref="FreeWaiting"/> of them.</summary>
    public int MaxWaitingPerAddress { get; init; } = 16_384;

    /// <summary>Most waiting reads and writes in all; past it as <see cref="MaxWaitingPerAddress"/>.</summary>
    public int MaxWaitingInAll { get; init; } = 131_072;

    /// <summary>Waiting requests that every connection may have, whatever others have.</summary>
    public int FreeWaiting { get; init; } = 16;

    /// <summary>How long nothing is read from a connection that is past a limit; then it is cut off.</summary>
    public TimeSpan PauseTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a message may take from its first byte to its last; then the connection is cut off.</summary>
    public TimeSpan FrameTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Most bytes of buffers for unfinished messages, and of writes that wait, of one address. Past it a connection with an
    /// unfinished message is not read, until <see cref="FrameTimeout"/> ends it.</summary>
    public long MaxFrameBytesPerAddress { get; init; } = 16 << 20;

    /// <summary>The same in all; past it the oldest unfinished message is cut off.</summary>
    public long MaxFrameBytes { get; init; } = 64 << 20;

    /// <summary>Most bytes of memory of replies that the peers of one address have not taken. Past it nothing is read from its
    /// connections that have more than 128 KiB of them.</summary>
    public long MaxReplyBytesPerAddress { get; init; } = 32 << 20;

    /// <summary>The same in all; past it as <see cref="MaxReplyBytesPerAddress"/>.</summary>
    public long MaxReplyBytes { get; init; } = 256 << 20;

    /// <summary>How long a peer may take for 256 KiB of what it is sent, or for a shorter reply; then it is cut off.</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Processor time that a connection gets at a time; then others get their turn.</summary>
    public TimeSpan TurnTime { get; init; } = TimeSpan.FromMicroseconds(250);

    /// <summary>Most complaints of one address told at once; then one a second, with the number of those left out.</summary>
    public int MaxComplaints { get; init; } = 20;

    /// <summary>The limits of connections for a process that may have that many descriptors, a quarter of which is left for files
    /// and what else it opens.</summary>
    /// <param name="descriptors">The process's limit (RLIMIT_NOFILE).</param>
    public ServerLimits ForDescriptors(int descriptors)
    {
        int most = Math.Clamp(descriptors - (descriptors / 4) - 16, 8, MaxConnections);
        return this with { MaxConnections = most, MaxConnectionsPerAddress = Math.Max(most / 2, 4) };
    }
}
