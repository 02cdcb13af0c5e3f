namespace Xget.Node.Exporting;

/// <summary>
/// What the nodes of a content get while they wait for more, in bytes per second: the mean of a second's reports. Belongs to
/// <see cref="Cluster"/>.
/// </summary>
internal sealed class UsualRate
{
    private const int Enough = 2;
    private const int Collapse = 3;

    private long _begun;
    private double _before;
    private double _earlier;
    private double _sum;
    private int _count;

    /// <summary>
    /// The lower one of the last second and this one; 0 where that is far below what was usual just before: where all are held
    /// up at once, none is slower than the others.
    /// </summary>
    internal double Value
    {
        get
        {
            double now = _count < Enough ? _before : Math.Min(_before, _sum / _count);
            return now * Collapse < Math.Max(_before, _earlier) ? 0 : now;
        }
    }

    internal void Add(double rate, TimeProvider time)
    {
        if (time.GetElapsedTime(_begun) >= TimeSpan.FromSeconds(1))
        {
            (_earlier, _before) = (_before, _count > 0 ? _sum / _count : rate);
            (_begun, _sum, _count) = (time.GetTimestamp(), 0, 0);
        }
        _sum += rate;
        _count++;
    }
}
