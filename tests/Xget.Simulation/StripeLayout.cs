namespace Xget.Simulation;

/// <summary>
/// Where the chunks of a stripe end, and what a child may count on. A stripe's positions count its own bytes only. A
/// <i>piece</i> is what one event moves: with one chunk in a piece the run is exact. With more, a child may begin a piece as
/// soon as its parent has the piece's first chunk, and lacks the last chunk until the parent has the whole piece: so the
/// delay of a level stays one chunk.
/// </summary>
internal sealed class StripeLayout
{
    private readonly double[] _lengths;
    private readonly double _chunk;
    private readonly double _piece;

    public StripeLayout(Setting setting)
    {
        _chunk = setting.ChunkSize;
        _piece = _chunk * setting.PieceChunks;
        _lengths = new double[setting.Stripes];
        long at = 0;
        for (int chunk = 0; at < setting.Size; chunk++)
        {
            long length = Math.Min(setting.ChunkSize, setting.Size - at);
            _lengths[chunk % setting.Stripes] += length;
            at += length;
        }
    }

    /// <summary>So few bytes that it does not matter when they come.</summary>
    public double Few => 64 * _chunk;

    public int Count => _lengths.Length;

    public double Length(int stripe) => _lengths[stripe];

    /// <summary>The next position behind this one at which there is something to tell the children.</summary>
    public double NextMilestone(int stripe, double position)
    {
        double piece = Math.Floor(position / _piece) * _piece;
        double next = position < piece + _chunk ? piece + _chunk : piece + _piece;
        return Math.Min(next, _lengths[stripe]);
    }

    /// <summary>How far the children of a node that stands at this position may go.</summary>
    public double Available(int stripe, double position)
    {
        double length = _lengths[stripe];
        if (position >= length)
        {
            return length;
        }

        double piece = Math.Floor(position / _piece) * _piece;
        return position < piece + _chunk ? piece : Math.Max(piece + _chunk, Math.Min(piece + _piece, length) - _chunk);
    }

    /// <summary>What is left of a position when the chunk that was under way is lost.</summary>
    public double WholeChunks(int stripe, double position) =>
        position >= _lengths[stripe] ? _lengths[stripe] : Math.Floor(position / _chunk) * _chunk;
}
