namespace Xget.NineP;

/// <summary>How often one address may be complained of: some times at once, then once a second. Thread-safe.</summary>
internal sealed class ComplaintShare(int most, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private int _told;
    private int _leftOut;
    private long _since;

    /// <summary>Whether to tell one more; if so, how many were left out before it.</summary>
    public bool TryTell(out int leftOut)
    {
        lock (_gate)
        {
            long passed = _told == 0 ? 0 : (long)(time.GetElapsedTime(_since) / Interval);
            if (passed > 0)
            {
                _told = (int)Math.Max(0, _told - passed);
            }

            if (passed > 0 || _told == 0)
            {
                _since = time.GetTimestamp();
            }

            leftOut = _leftOut;
            if (_told >= most)
            {
                _leftOut++;
                return false;
            }

            _told++;
            _leftOut = 0;
            return true;
        }
    }
}
