using System.Net;
using Xget.NineP;

namespace Xget.Node.Fetching;

/// <summary>
/// One content's open <c>data</c> fid at one parent, for all stripes that are read there; it may still be being opened.
/// It fails once and as a whole: then its requests are flushed and the route is asked anew.
/// </summary>
internal sealed class ParentLink(IPEndPoint endPoint, bool isMaster, TimeProvider time)
{
    /// <summary>Less than this is an answer to another content's probe, not progress.</summary>
    private const long MinProgress = 512;

    /// <summary>A retired parent is given this part of the stall time, for there is another one.</summary>
    private const int RetiredPart = 5;

    private readonly CancellationTokenSource _cancel = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private NinePClient? _client;
    private long _progressTime = time.GetTimestamp();
    private long _endedTime;
    private int _outstanding;
    private int _failed;
    private long _probed; // since when a probe is under way; 0 if none is
    private long _probedBytes; // what the connection had received then
    private bool _overtaken;
    private int _used;

    internal IPEndPoint EndPoint => endPoint;

    internal bool IsMaster => isMaster;

    /// <summary>The connection; null until it is made.</summary>
    internal NinePClient? Client => Volatile.Read(ref _client);

    internal uint DataFid { get; private set; }

    /// <summary>The child's level in the highest of the stripes that are read here.</summary>
    internal int Level { get; set; } = int.MaxValue;

    /// <summary>It did not take the connection in time.</summary>
    internal bool TimedOut { get; set; }

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

    /// <summary>Whether a verified chunk has come over it.</summary>
    internal bool HasGiven => Volatile.Read(ref _used) != 0;

    /// <summary>How long it has brought nothing though it was asked, or is being connected; zero if nothing is asked of it.</summary>
    internal TimeSpan Waited => Outstanding == 0 && Client is not null ? default : time.GetElapsedTime(Volatile.Read(ref _progressTime));

    /// <summary>The content's data is open there from now on.</summary>
    internal void Opened(NinePClient client, uint dataFid)
    {
        DataFid = dataFid;
        Volatile.Write(ref _client, client);
        _ready.TrySetResult();
    }

    internal void RequestStarted()
    {
        // Nothing was asked for until now, so nothing could have come.
        if (Interlocked.Increment(ref _outstanding) == 1)
            Progressed(time.GetTimestamp());
    }

    internal int RequestEnded()
    {
        Volatile.Write(ref _endedTime, time.GetTimestamp());
        return Interlocked.Decrement(ref _outstanding);
    }

    /// <summary>Bytes of this content came over it and were right.</summary>
    internal void Progressed(long now)
    {
        Volatile.Write(ref _progressTime, now);
        Volatile.Write(ref _overtaken, false);
    }

    /// <summary>Another parent has brought a chunk that this one was asked for and has not given.</summary>
    internal void Overtaken() => Volatile.Write(ref _overtaken, true);

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
    /// Called a few times a second. A parent that brings nothing for a moment is probed: one that does not answer stands still or
    /// is gone, one that does is alive and may itself wait for its parent (<see cref="ParentPatience"/>).
    /// </summary>
    /// <param name="stall">How long a level may need.</param>
    /// <param name="chunkSize">Bytes of a chunk.</param>
    internal bool IsStalled(TimeSpan stall, int chunkSize)
    {
        if (Client is not { } client || Outstanding == 0 || HasFailed)
            return false;
        TimeSpan waited = Waited;
        TimeSpan silence = ParentPatience.Silence(stall);
        if (waited < silence / 2)
            return false;
        if (IsSilent(client, silence) && waited >= silence)
            return true;
        if (Interlocked.CompareExchange(ref _probed, time.GetTimestamp(), 0) == 0)
            _ = ProbeAsync(client);
        return ParentPatience.IsOver(waited, Volatile.Read(ref _overtaken) && !isMaster, Level, chunkSize, stall);
    }

    /// <summary>A probe was not answered, nor did anything else come over the connection: a slow link brings its bytes first.</summary>
    private bool IsSilent(NinePClient client, TimeSpan silence) =>
        Volatile.Read(ref _probed) is not 0 and var probed && time.GetElapsedTime(probed) >= silence / 2 &&
        client.BytesReceived - Volatile.Read(ref _probedBytes) < MinProgress;

    /// <summary>One that is not answered stays under way.</summary>
    private async Task ProbeAsync(NinePClient client)
    {
        Volatile.Write(ref _probedBytes, client.BytesReceived);
        if ((await client.GetAttributesAsync(MasterLink.RootFid, _cancel.Token)).Ok)
            Volatile.Write(ref _probed, 0);
    }
}
