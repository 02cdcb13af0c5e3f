namespace Xget.NineP;

/// <summary>
/// A count with a limit, which is part of a wider count with a limit of its own: what the connections of an address hold, and what
/// all hold. Thread-safe, without a lock.
/// </summary>
/// <param name="name">The limit's name in <see cref="ServerLimits"/>.</param>
/// <param name="most">The limit.</param>
/// <param name="whole">The wider count.</param>
internal sealed class Quota(string name, long most, Quota? whole = null)
{
    private long _used;

    public string Name => name;

    public long Used => Interlocked.Read(ref _used);

    /// <summary>The count, this or a wider one, that is past its limit; null if none is.</summary>
    public Quota? Exceeded => Used > most ? this : whole?.Exceeded;

    /// <summary>Counts something unless that exceeds a limit: null, or the count whose limit it is.</summary>
    public Quota? TryTake(long amount)
    {
        Quota? full = Interlocked.Add(ref _used, amount) > most ? this : whole?.TryTake(amount);
        if (full is not null)
        {
            Interlocked.Add(ref _used, -amount);
        }

        return full;
    }

    /// <summary>Counts something that is there already, whatever the limits.</summary>
    public void Take(long amount)
    {
        Interlocked.Add(ref _used, amount);
        whole?.Take(amount);
    }

    public void Give(long amount) => Take(-amount);
}
