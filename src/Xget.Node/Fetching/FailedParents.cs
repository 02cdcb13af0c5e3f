using System.Net;

namespace Xget.Node.Fetching;

/// <summary>
/// The parents that failed this node in any content: each is avoided for a time that doubles with each further failure, so
/// that a bad parent costs a node once and not once per content. Thread-safe.
/// </summary>
internal sealed class FailedParents(TimeProvider time)
{
    /// <summary>Parents that are remembered; the one whose pause ends first makes room.</summary>
    internal const int MaxParents = 256;

    /// <summary>Ports of one address that hold bytes back; from then on nothing at that address is read from.</summary>
    internal const int MaxPortsOfAddress = 3;

    /// <summary>Addresses that hold bytes back; from then on only parents that have given something before are read from.</summary>
    internal const int MaxAddresses = 3;

    /// <summary>Parents that are remembered for having given something.</summary>
    internal const int MaxProven = 1024;

    internal static readonly TimeSpan MinPause = TimeSpan.FromSeconds(10);
    internal static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<IPEndPoint, Entry> _entries = [];
    private readonly HashSet<IPEndPoint> _proven = [];

    /// <param name="Failed">When it failed last.</param>
    /// <param name="Pause">How long it is avoided.</param>
    /// <param name="HoldsBack">It answered nothing, too late or wrongly: other ports of its address are likely to do the same.</param>
    private readonly record struct Entry(long Failed, TimeSpan Pause, bool HoldsBack);

    /// <summary>A parent failed.</summary>
    /// <param name="parent">Where it serves.</param>
    /// <param name="holdsBack">Its machine is to blame: not for a process that ended, whose port refuses connections.</param>
    internal void Failed(IPEndPoint parent, bool holdsBack)
    {
        long now = time.GetTimestamp();
        lock (_gate)
        {
            _proven.Remove(parent);
            TimeSpan pause = MinPause;
            // Who was good for as long as it had been avoided begins anew; failures of one moment count once.
            if (_entries.TryGetValue(parent, out Entry before) && time.GetElapsedTime(before.Failed, now) is var since &&
                since < 2 * before.Pause)
                pause = since < before.Pause ? before.Pause : before.Pause * 2 < MaxPause ? before.Pause * 2 : MaxPause;
            else if (_entries.Count >= MaxParents)
                RemoveOldest();
            _entries[parent] = new Entry(now, pause, holdsBack);
        }
    }

    /// <summary>A parent has given a verified chunk.</summary>
    internal void Gave(IPEndPoint parent)
    {
        lock (_gate)
        {
            if (_proven.Count < MaxProven)
                _proven.Add(parent);
        }
    }

    /// <summary>
    /// Whether too many parents hold bytes back at present to try that one: it has given nothing yet, and the master has what is wanted.
    /// </summary>
    internal bool IsUntried(IPEndPoint parent)
    {
        lock (_gate)
        {
            if (_entries.Count < MaxAddresses || _proven.Contains(parent))
                return false;
            long now = time.GetTimestamp();
            HashSet<IPAddress> addresses = [];
            foreach ((IPEndPoint other, Entry entry) in _entries)
            {
                if (entry.HoldsBack && IsActive(entry, now))
                    addresses.Add(other.Address);
            }
            return addresses.Count >= MaxAddresses;
        }
    }

    /// <summary>Whether nothing is asked of that parent at present.</summary>
    internal bool IsAvoided(IPEndPoint parent)
    {
        lock (_gate)
        {
            if (_entries.Count == 0)
                return false;
            long now = time.GetTimestamp();
            if (_entries.TryGetValue(parent, out Entry own) && IsActive(own, now))
                return true;
            int ports = 0;
            foreach ((IPEndPoint other, Entry entry) in _entries)
            {
                if (entry.HoldsBack && other.Address.Equals(parent.Address) && IsActive(entry, now) && ++ports == MaxPortsOfAddress)
                    return true;
            }
            return false;
        }
    }

    /// <summary>Adds the parents that are avoided at present, at most so that the set has that many.</summary>
    internal void AddTo(HashSet<IPEndPoint> parents, int most)
    {
        lock (_gate)
        {
            if (_entries.Count == 0)
                return;
            long now = time.GetTimestamp();
            foreach ((IPEndPoint parent, Entry entry) in _entries)
            {
                if (parents.Count >= most)
                    return;
                if (IsActive(entry, now))
                    parents.Add(parent);
            }
        }
    }

    private bool IsActive(in Entry entry, long now) => time.GetElapsedTime(entry.Failed, now) < entry.Pause;

    private void RemoveOldest()
    {
        IPEndPoint? oldest = null;
        long end = long.MaxValue;
        foreach ((IPEndPoint parent, Entry entry) in _entries)
        {
            long its = entry.Failed + (long)(entry.Pause.TotalSeconds * time.TimestampFrequency);
            if (its < end)
                (oldest, end) = (parent, its);
        }
        _entries.Remove(oldest!);
    }
}
