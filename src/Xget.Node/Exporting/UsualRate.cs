namespace Xget.Node.Exporting;

/// <summary>
/// What the nodes of a content get while they wait for more, in bytes per second. Each address has one voice in a second, and
/// the usual rate is what a third of the voices fall short of: unless two thirds of the addresses lie, some honest node gets as
/// much. Belongs to <see cref="Cluster"/>.
/// </summary>
internal sealed class UsualRate
{
    private const int Enough = 2;
    private const int Collapse = 3;
    private const int FallShort = 3;

    private readonly Dictionary<PeerAddress, Voice> _voices = [];
    private long _begun;
    private double _before;
    private double _earlier;
    private double _sum;

    /// <summary>
    /// The lower one of the last second and this one; 0 where that is far below what was usual just before: where all are held
    /// up at once, none is slower than the others.
    /// </summary>
    internal double Value
    {
        get
        {
            double now = _voices.Count < Enough ? _before : Math.Min(_before, _sum / _voices.Count);
            return now * Collapse < Math.Max(_before, _earlier) ? 0 : now;
        }
    }

    /// <summary>A node of that address gets so much; of several the slowest counts.</summary>
    internal void Add(PeerAddress voice, double rate, TimeProvider time)
    {
        if (time.GetElapsedTime(_begun) >= TimeSpan.FromSeconds(1))
        {
            (_earlier, _before) = (_before, _voices.Count > 0 ? OfThisSecond() : rate);
            (_begun, _sum) = (time.GetTimestamp(), 0);
            _voices.Clear();
        }
        _voices.TryGetValue(voice, out Voice? other);
        if (other is not null && other.Rate <= rate)
            return;
        _voices[voice] = new Voice(rate);
        // Who gets more than was usual counts as usual, so that a few cannot raise the mean.
        _sum += Math.Min(rate, _before) - (other is null ? 0 : Math.Min(other.Rate, _before));
    }

    private double OfThisSecond()
    {
        List<Voice> voices = [.. _voices.Values];
        voices.Sort(static (a, b) => a.Rate.CompareTo(b.Rate));
        return voices[(voices.Count + 1) / FallShort].Rate;
    }

    /// <summary>What a node of one address gets. A class, since generic code over another value type would make the binary larger.</summary>
    private sealed class Voice(double rate)
    {
        internal double Rate => rate;
    }
}
