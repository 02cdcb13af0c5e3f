using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>
/// The order in which a stripe's chunks are asked for: from a chunk on to the end, then from its first one to there. Each has
/// a place in it, from 0.
/// </summary>
/// <param name="layout">Whose each chunk is.</param>
/// <param name="count">How many chunks the content has: the place behind the last.</param>
/// <param name="stripe">The stripe.</param>
/// <param name="start">The chunk at place 0, of this stripe.</param>
internal readonly struct ChunkOrder(ChunkStripes layout, int count, int stripe, int start)
{
    /// <summary>The place of a chunk of the stripe.</summary>
    internal int PlaceOf(int chunk) => chunk >= start ? chunk - start : chunk - start + count;

    /// <summary>The chunk at a place.</summary>
    internal int ChunkAt(int place) => place + start < count ? place + start : place + start - count;

    /// <summary>The place of the stripe's next chunk behind that one; the end if there is none.</summary>
    internal int After(int place)
    {
        bool isWrapped = place + start >= count;
        int next = layout.After(ChunkAt(place));
        if (!isWrapped && next < count)
            return next - start;
        next = isWrapped ? next : layout.First(stripe);
        return next < start ? next - start + count : count;
    }
}
