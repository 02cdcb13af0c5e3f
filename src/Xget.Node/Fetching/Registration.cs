using System.Globalization;
using System.Net;
using System.Text;
using System.Threading.Channels;
using Mono.Unix.Native;
using Xget.Content;
using Xget.NineP;
using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>
/// What a transfer holds at the master: the advertisement (an open <c>avail</c> fid) and the routes (an open
/// <c>redir</c> fid), both of one attachment. Belongs to the transfer's event loop; only reports come from elsewhere too.
/// </summary>
internal sealed class Registration
{
    private const uint NoFid = uint.MaxValue;
    private const int MaxRouteText = 4096;
    private const int MaxReachText = 256;

    /// <summary>Behind the end of any routes: a read there waits for others.</summary>
    private const ulong Behind = 1 << 20;

    private readonly MasterLink.Attachment _attachment;
    private readonly ReadOnlyMemory<byte>[] _directory;
    private readonly CancellationTokenSource _leaving = new();
    private uint _availFid = NoFid;
    private uint _redirFid = NoFid;

    internal Registration(MasterLink.Attachment attachment, Digest digest)
    {
        _attachment = attachment;
        _directory = Path(digest);
    }

    internal MasterLink.Attachment Attachment => _attachment;

    internal bool HasRoutes => _redirFid != NoFid;

    /// <summary>It holds no routes, and never did: it says that this node serves the content.</summary>
    internal bool IsAnnouncement => !HasRoutes && !_leaving.IsCancellationRequested;

    private NinePClient Client => _attachment.Client;

    /// <summary>The path of a content's control files, from the root.</summary>
    internal static ReadOnlyMemory<byte>[] Path(Digest digest, params string[] more) =>
        [Bytes(Names.Xget), Bytes(Names.Objects), Bytes(digest.ToString()), .. Array.ConvertAll(more, Bytes)];

    private static ReadOnlyMemory<byte> Bytes(string name) => Encoding.UTF8.GetBytes(name);

    /// <summary>
    /// One burst: says that this node serves the content (port above 0), unless it has, and asks for routes and for a chunk
    /// table of at most <paramref name="tableLength"/> bytes (0: neither; null comes if it is longer). Advertising goes
    /// first, so that of many nodes that come at once the second is already sent to the first.
    /// <paramref name="leaveOut"/> are workers that failed this node before. What is held is taken back if it fails.
    /// </summary>
    internal async ValueTask<(RouteLine[] Routes, byte[]? Table, Errno Error)> AskAsync(
        int port, bool routes, IReadOnlyCollection<IPEndPoint> leaveOut, int tableLength, CancellationToken ct)
    {
        byte[] text = new byte[MaxRouteText];
        Task<Errno> advertising = Task.FromResult<Errno>(0);
        Task<Reply<int>> redir = Task.FromResult(new Reply<int>(0, 0));
        Task<Reply<byte[]>>? chunks = null;
        using (Client.Burst())
        {
            if (port > 0 && _availFid == NoFid)
                advertising = AdvertiseAsync(port, ct);
            if (routes)
                redir = OpenRedirAsync(text, leaveOut, ct);
            if (tableLength > 0)
                chunks = Client.ReadAllAsync(MasterLink.RootFid, [.. _directory, Bytes(Names.Chunks)], tableLength, ct).AsTask();
        }
        Errno advertised = await advertising;
        Reply<int> route = await redir;
        Reply<byte[]>? tableBytes = chunks is null ? null : await chunks;
        RouteLine[] lines = [];
        Errno error = advertised != 0 ? advertised : !route.Ok ? route.Error
            : tableBytes is { Ok: false, Error: not Errno.EFBIG } t ? t.Error : 0;
        if (error == 0 && routes && !RouteLine.TryParse(Encoding.ASCII.GetString(text, 0, route.Value), out lines))
            error = Errno.EPROTO;
        if (error == 0)
            return (lines, tableBytes is { Ok: true } ? tableBytes?.Value : null, 0);
        _ = ReleaseAsync().AsTask(); // a master that does not answer is not waited for twice
        return ([], null, error);
    }

    /// <summary>Leaves a parent out and reads the routes that the master decides on instead.</summary>
    internal async ValueTask<(RouteLine[] Routes, Errno Error)> ExcludeAsync(ParentLink link, FailureReason reason, CancellationToken ct)
    {
        string parent = link.IsMaster ? HostPort.Me : HostPort.Format(link.EndPoint);
        byte[] text = new byte[MaxRouteText];
        Task<Reply<int>> write, read;
        using (Client.Burst())
        {
            write = Client.WriteAsync(_redirFid, 0, Bytes($"exclude {parent} {reason.Word()}"), ct).AsTask();
            read = Client.ReadAsync(_redirFid, 0, text, ct).AsTask();
        }
        await write;
        Reply<int> reply = await read;
        if (!reply.Ok)
            return ([], reply.Error);
        return RouteLine.TryParse(Encoding.ASCII.GetString(text, 0, reply.Value), out RouteLine[] lines)
            ? (lines, 0) : ([], Errno.EPROTO);
    }

    /// <summary>Tells the master how many verified bytes are here, and how many are waited for; what becomes of it does not
    /// matter.</summary>
    internal void Report(ulong have, ulong missing)
    {
        if (_availFid != NoFid && !_attachment.IsLost)
            _ = Client.WriteAsync(_availFid, 0, Bytes(string.Create(CultureInfo.InvariantCulture, $"have {have} {missing}"))).AsTask();
    }

    /// <summary>
    /// Waits until the master knows whether others can connect to this node: the reason why they cannot, null if they can, or the
    /// master does not say.
    /// </summary>
    internal async Task<string?> ReachAsync()
    {
        byte[] text = new byte[MaxReachText];
        Reply<int> read = await Client.ReadAsync(_availFid, 0, text, Timeout.InfiniteTimeSpan, CancellationToken.None);
        string[] words = Encoding.UTF8.GetString(text, 0, read.Ok ? read.Value : 0).TrimEnd('\n').Split(' ', 2);
        return words is [Names.Unreachable, var reason] ? reason : null;
    }

    /// <summary>
    /// Tells of the routes each time the master has changed them, until they are given back or the connection is lost.
    /// </summary>
    internal async Task FollowAsync(ChannelWriter<RouteEvent> events)
    {
        byte[] text = new byte[MaxRouteText];
        while (true)
        {
            Reply<int> read = await Client.ReadAsync(_redirFid, Behind, text, Timeout.InfiniteTimeSpan, _leaving.Token);
            // A master that knows nothing of this answers with nothing.
            if (!read.Ok || read.Value == 0 ||
                !RouteLine.TryParse(Encoding.ASCII.GetString(text, 0, read.Value), out RouteLine[] lines))
                return;
            events.TryWrite(new RouteEvent.Moved(this, lines));
        }
    }

    /// <summary>Gives the routes back; the advertisement stays.</summary>
    internal async ValueTask LeaveAsync()
    {
        uint fid = _redirFid;
        _redirFid = NoFid;
        await _leaving.CancelAsync();
        if (fid != NoFid && !_attachment.IsLost)
            await Client.ClunkAsync(fid);
    }

    /// <summary>Takes everything back.</summary>
    internal async ValueTask ReleaseAsync()
    {
        await LeaveAsync();
        uint fid = _availFid;
        _availFid = NoFid;
        if (fid != NoFid && !_attachment.IsLost)
            await Client.ClunkAsync(fid);
    }

    private async Task<Errno> AdvertiseAsync(int port, CancellationToken ct)
    {
        uint fid = _availFid = Client.NewFid();
        Task<Reply<Qid[]>> walk = Client.WalkAsync(MasterLink.RootFid, fid, [.. _directory, Bytes(Names.Avail)], ct).AsTask();
        Task open = Client.OpenAsync(fid, OpenFlags.O_RDWR, ct).AsTask();
        Task<Reply<int>> write = Client.WriteAsync(fid, 0, Bytes(port.ToString(CultureInfo.InvariantCulture)), ct).AsTask();
        Reply<Qid[]> walked = await walk;
        await open;
        Reply<int> written = await write;
        if (walked.Ok)
            return written.Error;
        Client.FreeFid(fid, walked.Error);
        _availFid = NoFid;
        return walked.Error;
    }

    private async Task<Reply<int>> OpenRedirAsync(byte[] text, IReadOnlyCollection<IPEndPoint> leaveOut, CancellationToken ct)
    {
        uint fid = _redirFid = Client.NewFid();
        Task<Reply<Qid[]>> walk = Client.WalkAsync(MasterLink.RootFid, fid, [.. _directory, Bytes(Names.Redir)], ct).AsTask();
        Task open = Client.OpenAsync(fid, OpenFlags.O_RDWR, ct).AsTask();
        _ = Client.WriteAsync(fid, 0, "follow"u8.ToArray(), ct).AsTask();
        foreach (IPEndPoint parent in leaveOut)
            _ = Client.WriteAsync(fid, 0, Bytes($"exclude {HostPort.Format(parent)} {FailureReason.Lost.Word()}"), ct).AsTask();
        Task<Reply<int>> read = Client.ReadAsync(fid, 0, text, ct).AsTask();
        Reply<Qid[]> walked = await walk;
        await open;
        Reply<int> got = await read;
        if (walked.Ok)
            return got;
        Client.FreeFid(fid, walked.Error);
        _redirFid = NoFid;
        return new Reply<int>(walked.Error, 0);
    }
}
