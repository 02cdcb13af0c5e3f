namespace Xget.Node.Fetching;

/// <summary>Every k-th run of chunks (<see cref="Wire.ChunkStripes"/>), and the parent it is read from. Its transfer's lock guards it.</summary>
internal sealed class Stripe(TimeProvider time)
{
    /// <summary>
    /// What is asked for with one message shall have come in this time: a node's children wait for all of it, and theirs
    /// in turn.
    /// </summary>
    private static readonly TimeSpan MostPerMessage = TimeSpan.FromMilliseconds(80);

    /// <summary>So long without a chunk, or so many times as long as usual, and somebody above may be standing still.</summary>
    private static readonly TimeSpan LongPause = TimeSpan.FromSeconds(1);
    private const int LongPauses = 4;

    /// <summary>The first chunk passes all levels while connections are still being made.</summary>
    private static readonly TimeSpan LongFirstPause = TimeSpan.FromSeconds(1.5);

    /// <summary>Times as long for a chunk: more than an uplink that is shared unevenly makes, or a parent that has everything
    /// beside one that gets it itself.</summary>
    private const int FarSlower = 6;

    /// <summary>Processors that are busy make pauses like that.</summary>
    private static readonly TimeSpan Hiccup = TimeSpan.FromMilliseconds(60);

    private TimeSpan _perChunk = MostPerMessage;
    private TimeSpan _usual;
    private long? _last;
    private long _asked;

    internal ParentLink? Link { get; set; }

    internal int Level { get; set; }

    /// <summary>Chunks that are asked for and not here.</summary>
    internal int Outstanding { get; private set; }

    /// <summary>The first chunk that is asked for: its own first one, or about where the others were.</summary>
    internal int Start { get; set; }

    /// <summary>The offset that the parent was at when this node came, or (until it has said so) the master; 0 if nobody was.</summary>
    internal ulong Front { get; set; }

    /// <summary>Whether the parent has said so, or need not: before that only what somebody waits for is asked for.</summary>
    internal bool IsPlaced { get; set; }

    /// <summary>All chunks before this place (<see cref="ChunkOrder"/>) have been asked for once.</summary>
    internal int Cursor { get; set; }

    /// <summary>Chunks that are wanted and not here.</summary>
    internal int Missing { get; set; }

    /// <summary>How far behind it is, in chunks of its own; each level above delays it by one, which does not count.</summary>
    internal int Behind => Missing - Level;

    /// <summary>All chunks before this place are here (or not wanted).</summary>
    internal int FirstMissing { get; set; }

    /// <summary>Chunks that somebody waits for, or that a failed parent owes: they go first.</summary>
    internal Queue<int> First { get; } = new();

    /// <summary>Chunks, from 1, that are asked for with one message: one on a slow link, more on a fast one.</summary>
    internal int Span { get; private set; } = 1;

    /// <summary>Two chunks and more come in the time that one message may take, whether a run has two or not.</summary>
    internal bool IsFast => PerMessage >= 2;

    /// <summary>Something has come.</summary>
    internal bool HasCome => _last is not null;

    /// <summary>It brings so much less than the other one could that it does not come from a link that they share.</summary>
    internal bool IsFarSlowerThan(Stripe other) => _usual > Hiccup && _usual > FarSlower * other._usual;

    /// <summary>Chunks came, and come no more; or the first one is long in coming.</summary>
    internal bool IsStuck => _last is { } last
        ? SinceLast(last, time.GetTimestamp()) is var pause && pause >= LongPause && pause >= LongPauses * _usual
        : Outstanding > 0 && time.GetElapsedTime(_asked) >= LongFirstPause;

    /// <summary>So many chunks are asked for.</summary>
    internal void Ask(int chunks)
    {
        if (Outstanding == 0)
            _asked = time.GetTimestamp();
        Outstanding += chunks;
    }

    /// <summary>So many chunks that were asked for are here, or will not come from there.</summary>
    internal void Settle(int chunks) => Outstanding -= chunks;

    /// <summary>Chunks that come in the time that one message may take.</summary>
    private double PerMessage => MostPerMessage / _perChunk;

    /// <summary>While nothing was asked for nothing could come.</summary>
    private TimeSpan SinceLast(long last, long now) => time.GetElapsedTime(Math.Max(last, _asked), now);

    /// <summary>So many chunks have come.</summary>
    /// <param name="chunks">Their number.</param>
    /// <param name="run">The longest that <see cref="Span"/> may be.</param>
    /// <param name="now">When, as a time stamp.</param>
    internal void Came(int chunks, int run, long now)
    {
        if (_last is { } last)
        {
            TimeSpan took = SinceLast(last, now) / chunks;
            _usual = _usual == default ? took : _usual + (took - _usual) / 4;
            _perChunk += ((took < MostPerMessage ? took : MostPerMessage) - _perChunk) / 8; // a pause is not slowness
            Span = (int)Math.Clamp(PerMessage, 1, run);
        }
        _last = now;
    }

    internal void GoBackTo(int place) =>
        (Cursor, FirstMissing) = (Math.Min(Cursor, place), Math.Min(FirstMissing, place));
}
