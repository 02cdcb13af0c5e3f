using System.Net;
using Xget.NineP;

namespace Xget.Node.Fetching;

/// <summary>
/// One content's open <c>data</c> fid at one parent, for all stripes that are read there; it may still be being opened.
/// It fails once and as a whole: then its requests are flushed and the route is asked anew.
/// </summary>
internal sealed class ParentLink(IPEndPoint endPoint, bool isMaster, TimeProvider time)
{
    /// <summary>Less than this is an answer to a probe, not progress.</summary>
    private const long LeastProgress = 512;

    /// <summary>Whoever is alive answers sooner, however busy it is.</summary>
    private static readonly TimeSpan MostSilence = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _cancel = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private NinePClient? _client;
    private long _progressBytes;
    private long _progressTime = time.GetTimestamp();
    private long _endedTime;
    private int _outstanding;
    private int _failed;
    private long _probed; // since when a probe is under way; 0 if none is
    private int _used;

    internal IPEndPoint EndPoint => endPoint;

    internal bool IsMaster => isMaster;

    /// <summary>The connection; null until it is made.</summary>
    internal NinePClient? Client => Volatile.Read(ref _client);

    internal uint DataFid { get; private set; }

    /// <summary>Ends when it can be read from, or has failed.</summary>
    internal Task Ready => _ready.Task;

    /// <summary>No stripe is read from it any more; it is closed when what was asked for has come.</summary>
    internal bool IsRetired { get; private set; }

    /// <summary>A second open of the data, whose reads do not wait; made when it is first needed.</summary>
    internal uint TryFid { get; set; }

    /// <summary>Ends with whether <see cref="TryFid"/> is open; null before it is asked for.</summary>
    internal Task<bool>? TryOpening { get; set; }

    /// <summary>Reads of other stripes' chunks under way.</summary>
    internal int Steals { get; set; }

    /// <summary>It had none of what was tried: left alone for a moment.</summary>
    internal bool IsPausing { get; set; }

    /// <summary>How long it is left alone then; grows each time.</summary>
    internal int StealPauses { get; set; } = 1;

    /// <summary>Requests under way.</summary>
    internal int Outstanding => Volatile.Read(ref _outstanding);

    /// <summary>Cancelled when the link has failed or is not needed any more.</summary>
    internal CancellationToken Cancelled => _cancel.Token;

    internal bool HasFailed => Volatile.Read(ref _failed) != 0;

    /// <summary>The content's data is open there from now on.</summary>
    internal void Opened(NinePClient client, uint dataFid)
    {
        DataFid = dataFid;
        _progressBytes = client.BytesReceived;
        Volatile.Write(ref _client, client);
        _ready.TrySetResult();
    }

    internal void RequestStarted()
    {
        // Nothing was asked for until now, so nothing could have come.
        if (Interlocked.Increment(ref _outstanding) == 1)
            Volatile.Write(ref _progressTime, time.GetTimestamp());
    }

    internal int RequestEnded()
    {
        Volatile.Write(ref _endedTime, time.GetTimestamp());
        return Interlocked.Decrement(ref _outstanding);
    }

    internal void Retire()
    {
        Volatile.Write(ref _endedTime, time.GetTimestamp());
        IsRetired = true;
    }

    /// <summary>
    /// Whether it is retired and has given nothing for longer than it may: it can be below us by now, and wait for what
    /// it owes us.
    /// </summary>
    internal bool IsOverdue(TimeSpan stall) =>
        IsRetired && time.GetElapsedTime(Volatile.Read(ref _endedTime)) > stall / RetiredPart;

    /// <summary>True once: for the first verified chunk that came over it.</summary>
    internal bool IsFirstChunk() => Interlocked.Exchange(ref _used, 1) == 0;

    /// <summary>Marks the link as failed; true for the first caller, who reports it.</summary>
    internal bool Fail()
    {
        if (Interlocked.Exchange(ref _failed, 1) != 0)
            return false;
        _cancel.Cancel();
        _ready.TrySetResult();
        return true;
    }

    /// <summary>
    /// Called about once a second. A parent that gives nothing for a moment is probed. One that does not answer stands still or
    /// is gone; one that does is alive and waits itself for its parent: it is given as long as the levels above it may need.
    /// </summary>
    /// <param name="stall">How long a level may need.</param>
    internal bool IsStalled(TimeSpan stall)
    {
        if (Client is not { } client || Outstanding == 0 || HasFailed)
            return false;
        long bytes = client.BytesReceived;
        if (bytes - Volatile.Read(ref _progressBytes) >= LeastProgress)
        {
            Volatile.Write(ref _progressBytes, bytes);
            Volatile.Write(ref _progressTime, time.GetTimestamp());
            return false;
        }
        TimeSpan waited = time.GetElapsedTime(Volatile.Read(ref _progressTime));
        TimeSpan silence = stall < MostSilence ? stall : MostSilence;
        if (waited < silence / 2)
            return false;
        if (Interlocked.CompareExchange(ref _probed, time.GetTimestamp(), 0) is not 0 and long probed)
            return waited >= silence && time.GetElapsedTime(probed) >= silence / 2;
        _ = ProbeAsync(client, bytes);
        return waited > stall * Patience;
    }

    /// <summary>One that is not answered stays under way.</summary>
    private async Task ProbeAsync(NinePClient client, long bytes)
    {
        if (!(await client.GetAttributesAsync(MasterLink.RootFid, _cancel.Token)).Ok)
            return;
        long came = client.BytesReceived - bytes;
        if (came < LeastProgress)
            Interlocked.Add(ref _progressBytes, came); // so that answers to many probes do not add up to progress
        Volatile.Write(ref _probed, 0);
    }

    /// <summary>Stall times that a parent is given which is alive: one for each level that may fail above it.</summary>
    private const int Patience = 5;

    /// <summary>A retired parent is given this part of the stall time, for there is another one.</summary>
    private const int RetiredPart = 5;
}
