using System.Net;

namespace Xget.NineP;

/// <summary>The connections of a server by address, and which one leaves when there are too many. Thread-safe.</summary>
internal sealed class PeerTable(ServerLimits limits, ServerTotals totals, TimeProvider time)
{
    /// <summary>Addresses without a connection that are remembered, so that coming back is no new beginning.</summary>
    private const int MaxRemembered = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, PeerAddress> _addresses = [];
    private readonly Queue<PeerAddress> _left = [];
    private int _connections;
    private int _unversioned;
    private long _entered;

    /// <summary>What is known of an address.</summary>
    public PeerAddress Of(EndPoint remote)
    {
        IPAddress address = remote is IPEndPoint ip ? ip.Address : IPAddress.None;
        lock (_gate)
        {
            if (!_addresses.TryGetValue(address, out PeerAddress? known))
            {
                known = new PeerAddress(address, totals, time.TimestampFrequency);
                _addresses.Add(address, known);
                Remember(known);
            }

            return known;
        }
    }

    /// <summary>Takes a connection in. If there are too many: the one that has to leave, perhaps itself, and the limit's name.</summary>
    public (Session? Leaves, string Limit) Enter(Session session)
    {
        PeerAddress address = session.Address;
        lock (_gate)
        {
            session.Number = ++_entered;
            address.Sessions.Add(session);
            address.Unversioned++;
            _connections++;
            _unversioned++;
            if (address.Sessions.Count > limits.MaxConnectionsPerAddress)
            {
                return (LongestIdle(address) ?? session, nameof(ServerLimits.MaxConnectionsPerAddress));
            }

            if (_connections > limits.MaxConnections)
            {
                return (LongestIdle() ?? session, nameof(ServerLimits.MaxConnections));
            }

            return address.Unversioned > limits.MaxUnversionedPerAddress
                ? (OldestUnversioned(address), nameof(ServerLimits.MaxUnversionedPerAddress))
                : _unversioned > limits.MaxUnversioned
                ? (OldestUnversioned(), nameof(ServerLimits.MaxUnversioned))
                : default;
        }
    }

    /// <summary>A connection has sent its Tversion.</summary>
    public void Versioned(Session session)
    {
        lock (_gate)
        {
            _unversioned--;
            session.Address.Unversioned--;
        }
    }

    public void Leave(Session session, bool isVersioned)
    {
        lock (_gate)
        {
            PeerAddress address = session.Address;
            if (!address.Sessions.Remove(session))
            {
                return;
            }

            _connections--;
            if (!isVersioned)
            {
                _unversioned--;
                address.Unversioned--;
            }

            if (address.Sessions.Count == 0)
            {
                Remember(address);
            }
        }
    }

    /// <summary>Who is the least loss when descriptors are needed: null if all are busy.</summary>
    public Session? LeastLoss()
    {
        lock (_gate)
        {
            return OldestUnversioned() ?? LongestIdle();
        }
    }

    /// <summary>Keeps an address without connections for a while. Under the lock.</summary>
    private void Remember(PeerAddress address)
    {
        if (!address.IsRemembered)
        {
            address.IsRemembered = true;
            _left.Enqueue(address);
        }

        // Each is looked at once here: what has connections comes back when they have gone.
        for (int looks = _left.Count; _left.Count > MaxRemembered && looks > 0; looks--)
        {
            PeerAddress oldest = _left.Dequeue();
            oldest.IsRemembered = false;
            if (oldest.Sessions.Count == 0 && oldest != address)
            {
                _addresses.Remove(oldest.Address);
            }
        }
    }

    private Session? LongestIdle()
    {
        PeerAddress? most = null;
        Session? longest = null;
        foreach (PeerAddress address in _addresses.Values)
        {
            most = most is null || address.Sessions.Count > most.Sessions.Count ? address : most;
        }

        if (most is not null && LongestIdle(most) is { } idle)
        {
            return idle;
        }

        foreach (PeerAddress address in _addresses.Values)
        {
            longest = Earlier(longest, LongestIdle(address));
        }

        return longest;
    }

    private static Session? LongestIdle(PeerAddress address)
    {
        Session? longest = null;
        foreach (Session session in address.Sessions)
        {
            longest = session.IsIdle ? Earlier(longest, session) : longest;
        }

        return longest;
    }

    private Session? OldestUnversioned()
    {
        PeerAddress? most = null;
        foreach (PeerAddress address in _addresses.Values)
        {
            most = address.Unversioned > (most?.Unversioned ?? 0) ? address : most;
        }

        return most is null ? null : OldestUnversioned(most);
    }

    private static Session? OldestUnversioned(PeerAddress address)
    {
        Session? oldest = null;
        foreach (Session session in address.Sessions)
        {
            oldest = session.IsVersioned ? oldest : Earlier(oldest, session);
        }

        return oldest;
    }

    private static Session? Earlier(Session? a, Session? b) =>
        a is null || (b is not null && (b.Heard, b.Number).CompareTo((a.Heard, a.Number)) < 0) ? b : a;
}
