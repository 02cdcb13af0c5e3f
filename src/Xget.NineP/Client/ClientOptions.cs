namespace Xget.NineP;

/// <summary>What a client asks for.</summary>
public sealed record ClientOptions
{
    /// <summary>Largest message offered, in bytes; the server may answer less. From 256 to 16 MiB.</summary>
    public int Msize { get; init; } = (1 << 20) + NinePLimits.IoHeaderSize;

    /// <summary>
    /// The dialect offered; a lesser one that the server answers is taken (<see cref="NinePClient.Dialect"/>), but not by
    /// a client that did not wait for the answer.
    /// </summary>
    public Dialect Dialect { get; init; } = Dialect.NineP2000L;

    /// <summary>How long a request may go unanswered.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
