using System.Net;

namespace Xget.Node.Exporting;

/// <summary>
/// One address that nodes connect from: its connections share one voice against workers and one measure of workers that the
/// master has not reached. Its fields belong to <see cref="Cluster"/>.
/// </summary>
/// <param name="number">Tells it from other addresses.</param>
/// <param name="address">The address of the connections.</param>
internal sealed class PeerAddress(int number, IPAddress address)
{
    /// <summary>Workers of one address that are unproven at a time, and claims that wait for a port.</summary>
    internal const int MaxUnproven = 8;

    internal int Number => number;

    internal IPAddress Address => address;

    /// <summary>The address as the control files write it.</summary>
    internal string Text { get; } = address.ToString();

    /// <summary>Connections of this address.</summary>
    internal int Sessions { get; set; }

    /// <summary>Workers that are probed, or will be again.</summary>
    internal int Unproven { get; set; }

    /// <summary>Who comes after those, in order.</summary>
    internal List<NodeSession> Crowded { get; } = [];

    /// <summary>Who claims a port that an earlier connection holds, in order.</summary>
    internal List<NodeSession> Waiting { get; } = [];

    /// <summary>What is held against its workers, by port.</summary>
    internal Dictionary<int, WorkerBlame> Blames { get; } = [];

    /// <summary>What it says against the workers of others.</summary>
    internal ReporterWord Word { get; } = new();

    /// <summary>Whether anything is to be remembered when its last connection has ended.</summary>
    internal bool IsRemembered(TimeSpan now)
    {
        if (!Word.IsHeard(now))
            return true;
        foreach (WorkerBlame blame in Blames.Values)
        {
            if (!blame.IsForgotten(now))
                return true;
        }
        return false;
    }
}
