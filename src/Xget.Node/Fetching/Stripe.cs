namespace Xget.Node.Fetching;

/// <summary>Every k-th run of chunks (<see cref="Wire.ChunkStripes"/>), and the parent it is read from. Its transfer's lock guards it.</summary>
internal sealed class Stripe(TimeProvider time)
{
    /// <summary>
    /// What is asked for with one message shall have come in this time: a node's children wait for all of it, and theirs
    /// in turn.
    /// </summary>
    private static readonly TimeSpan MostPerMessage = TimeSpan.FromMilliseconds(80);

    private TimeSpan _perChunk = MostPerMessage;
    private long? _last;

    internal ParentLink? Link { get; set; }

    internal int Level { get; set; }

    /// <summary>Chunks that are asked for and not here.</summary>
    internal int Outstanding { get; set; }

    /// <summary>All chunks before it have been asked for once.</summary>
    internal int Cursor { get; set; }

    /// <summary>How far it is, in chunks of its own; each level above delays it by one, which does not count.</summary>
    internal int Position(int stripes) => Cursor / stripes + Level;

    /// <summary>All chunks before it are here (or not wanted).</summary>
    internal int FirstMissing { get; set; }

    /// <summary>Chunks that somebody waits for, or that a failed parent owes: they go first.</summary>
    internal Queue<int> First { get; } = new();

    /// <summary>Chunks, from 1, that are asked for with one message: one on a slow link, more on a fast one.</summary>
    internal int Span { get; private set; } = 1;

    /// <summary>So many chunks have come.</summary>
    /// <param name="chunks">Their number.</param>
    /// <param name="run">The longest that <see cref="Span"/> may be.</param>
    internal void Came(int chunks, int run)
    {
        long now = time.GetTimestamp();
        if (_last is { } last)
        {
            TimeSpan took = time.GetElapsedTime(last, now) / chunks;
            _perChunk += ((took < MostPerMessage ? took : MostPerMessage) - _perChunk) / 8; // a pause is not slowness
            Span = (int)Math.Clamp(MostPerMessage / _perChunk, 1, run);
        }
        _last = now;
    }

    internal void GoBackTo(int chunk) =>
        (Cursor, FirstMissing) = (Math.Min(Cursor, chunk), Math.Min(FirstMissing, chunk));
}
