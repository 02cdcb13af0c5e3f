using System.Net;

namespace Xget.Node.Exporting;

/// <summary>
/// How many log records each address may cause: <see cref="Burst"/> at once and <see cref="PerSecond"/> a second after that, and
/// all of them together <see cref="BurstOfAll"/> and <see cref="PerSecondOfAll"/>. Counts what is refused. Knows no clock; not
/// thread-safe.
/// </summary>
internal sealed class RecordBudget
{
    internal const int Burst = 200;
    internal const int PerSecond = 20;
    internal const int BurstOfAll = 4000;
    internal const int PerSecondOfAll = 400;

    /// <summary>Addresses that are told apart; further ones share one budget.</summary>
    internal const int MaxAddresses = 4096;

    private readonly Dictionary<IPAddress, Bucket> _addresses = [];
    private readonly Bucket _others = new("other addresses");
    private double _ofAll = BurstOfAll;
    private TimeSpan _sinceAll;

    /// <summary>Whether that address may cause one more record now.</summary>
    /// <param name="address">Null counts as one of the further ones.</param>
    /// <param name="now">Never falls.</param>
    internal bool Take(IPAddress? address, TimeSpan now)
    {
        Bucket bucket = BucketOf(address, now);
        bucket.Refill(now);
        _ofAll = Math.Min(BurstOfAll, _ofAll + (now - _sinceAll).TotalSeconds * PerSecondOfAll);
        _sinceAll = now;
        if (bucket.Left < 1 || _ofAll < 1)
        {
            bucket.Refused++;
            return false;
        }
        bucket.Left--;
        _ofAll--;
        return true;
    }

    /// <summary>The addresses that records were refused to since the last call, and how many.</summary>
    internal IReadOnlyList<(string Who, long Count)> TakeRefused()
    {
        var refused = new List<(string, long)>();
        foreach (Bucket bucket in _addresses.Values)
            Take(bucket);
        Take(_others);
        return refused;

        void Take(Bucket bucket)
        {
            if (bucket.Refused > 0)
                refused.Add((bucket.Who, bucket.Refused));
            bucket.Refused = 0;
        }
    }

    private Bucket BucketOf(IPAddress? address, TimeSpan now)
    {
        if (address is null)
            return _others;
        if (_addresses.TryGetValue(address, out Bucket? bucket))
            return bucket;
        if (_addresses.Count >= MaxAddresses)
            Forget(now);
        if (_addresses.Count >= MaxAddresses)
            return _others;
        return _addresses[address] = new Bucket(address.ToString());
    }

    /// <summary>Lets go of the addresses that have their whole budget again.</summary>
    private void Forget(TimeSpan now)
    {
        foreach ((IPAddress address, Bucket bucket) in _addresses)
        {
            bucket.Refill(now);
            if (bucket is { Left: >= Burst, Refused: 0 })
                _addresses.Remove(address);
        }
    }

    private sealed class Bucket(string who)
    {
        private TimeSpan _since;

        internal string Who => who;

        internal double Left { get; set; } = Burst;

        internal long Refused { get; set; }

        internal void Refill(TimeSpan now)
        {
            Left = Math.Min(Burst, Left + (now - _since).TotalSeconds * PerSecond);
            _since = now;
        }
    }
}
