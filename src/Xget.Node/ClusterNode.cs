using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Mono.Unix.Native;
using Serilog;
using Xget.Content;
using Xget.Content.Linux;
using Xget.Content.Store;
using Xget.NineP;
using Xget.Node.Fetching;
using Xget.Node.Tree;
using Xget.Node.Wire;

namespace Xget.Node;

/// <summary>
/// A process that fetches from a master and re-exports what it has: the one fetch engine behind copy and mount.
/// Thread-safe. Contents are kept until the node is disposed, for others to read.
/// </summary>
public sealed partial class ClusterNode : IAsyncDisposable
{
    private static readonly TimeSpan FlushTime = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(0.25);

    /// <summary>Ticks between two reports to the master.</summary>
    private const int ReportTicks = 4;

    private readonly FetchContext _context;
    private readonly ITransport _transport;
    private readonly ConcurrentDictionary<Digest, Transfer> _transfers = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly MasterLogSink? _toMaster;
    private Task _logging = Task.CompletedTask;
    private IListener? _listener;
    private NinePServer? _server;
    private Task _serving = Task.CompletedTask;
    private Task _ticking = Task.CompletedTask;

    /// <summary>Makes a node; nothing is connected yet.</summary>
    public ClusterNode(NodeOptions options, ITransport transport, TimeProvider time, Random random, ILogger log, MasterLogSink? toMaster = null)
    {
        _transport = transport;
        _context = new FetchContext(options, new MasterLink(options, transport, time, random, log),
            new ParentPool(options, transport, time), time, random, log, new Counters());
        _toMaster = toMaster;
    }

    /// <summary>What was moved so far.</summary>
    public Counters Counters => _context.Counters;

    /// <summary>Connections of children (and of whoever else reads from this node).</summary>
    public int Children => _server?.ConnectionCount ?? 0;

    /// <summary>The contents that are being fetched or are here.</summary>
    public IEnumerable<Transfer> Transfers => _transfers.Values;

    /// <summary>
    /// Listens for children and reaches the master; the reason when it cannot be reached with so many attempts
    /// (<see cref="NodeOptions.Retries"/> by default).
    /// </summary>
    public async ValueTask<string?> StartAsync(CancellationToken ct, int? retries = null)
    {
        if (_context.Options.Share)
        {
            _listener = _transport.Listen(_context.Options.Listen);
            _context.ServicePort = ((IPEndPoint)_listener.Local).Port;
            _server = new NinePServer(new WorkerTree(this), new ServerOptions
            {
                MaxMsize = _context.Options.Msize,
                Limits = new ServerLimits().ForDescriptors(DescriptorLimit.Current),
                Complaint = (peer, what) => _context.Log.Warning("{Peer}: {What}", peer, what),
            }, _context.Time);
            _serving = _server.RunAsync(_listener, _stopping.Token);
        }
        _ticking = TickAsync();
        (MasterLink.Attachment? attachment, string? reason) = await _context.Master.GetAsync(ct, retries);
        if (attachment is not null && _toMaster is not null)
            _logging = _toMaster.RunAsync(_context.Master, _stopping.Token);
        return attachment is null ? reason : null;
    }

    /// <summary>What the master publishes now; null with a reason when it does not say.</summary>
    public async ValueTask<(GenerationText? Generation, string? Reason)> GenerationAsync(CancellationToken ct)
    {
        (string? text, string? reason) = await ReadControlAsync(Names.Generation, ct, MostGeneration);
        if (text is null)
            return (null, reason);
        return GenerationText.TryParse(text, out GenerationText? generation) ? (generation, null)
            : (null, "the master does not say what it publishes (is it an older xget?)");
    }

    /// <summary>A file of the master's <c>/.xget</c> as text.</summary>
    public async ValueTask<(string? Text, string? Reason)> ReadControlAsync(string name, CancellationToken ct, int most = MostControl)
    {
        (MasterLink.Attachment? attachment, string? reason) = await _context.Master.GetAsync(ct);
        if (attachment is null)
            return (null, reason);
        ReadOnlyMemory<byte>[] path = [Encoding.UTF8.GetBytes(Names.Xget), Encoding.UTF8.GetBytes(name)];
        Reply<byte[]> reply = await WholeFile.ReadAsync(attachment.Client, path, most, ct);
        return reply.Ok ? (Encoding.UTF8.GetString(reply.Value), null)
            : (null, reply.Error == Errno.EFBIG ? $"the master's {name} is longer than the {most} bytes that are read of it" : Words.Of(reply.Error));
    }

    /// <summary>
    /// Waits until the master publishes something else than the known root, however often the connection is lost
    /// meanwhile; null when it cannot be reached any more (see <see cref="NodeOptions.Retries"/>).
    /// </summary>
    public async ValueTask<GenerationText?> OtherGenerationAsync(Digest known, CancellationToken ct)
    {
        byte[] text = new byte[4096];
        while (true)
        {
            (MasterLink.Attachment? attachment, _) = await _context.Master.GetAsync(ct);
            if (attachment is null)
                return null;
            NinePClient client = attachment.Client;
            uint fid = client.NewFid();
            Reply<Qid[]> walk = await client.WalkAsync(MasterLink.RootFid, fid, Names.Xget, Names.Next);
            if (walk.Ok)
            {
                await client.OpenAsync(fid, OpenFlags.O_RDWR, ct);
                Reply<int> written = await client.WriteAsync(fid, 0, Encoding.ASCII.GetBytes(known.ToString()), ct);
                Reply<int> read = written.Ok ? await client.ReadAsync(fid, 0, text, Timeout.InfiniteTimeSpan, ct) : written;
                _ = client.ClunkAsync(fid, CancellationToken.None).AsTask();
                ct.ThrowIfCancellationRequested();
                if (written.Ok && read.Ok && GenerationText.TryParse(Encoding.ASCII.GetString(text, 0, read.Value), out GenerationText? generation))
                    return generation;
            }
            else
            {
                client.FreeFid(fid, walk.Error);
            }
            await Task.Delay(Backoff.Delay(5, _context.Random), _context.Time, ct);
        }
    }

    /// <summary>Ends one content: it is not fetched or served any more, and may be fetched anew.</summary>
    public async ValueTask DropAsync(Transfer transfer)
    {
        if (_transfers.TryRemove(new KeyValuePair<Digest, Transfer>(transfer.Digest, transfer)))
            await transfer.StopAsync();
    }

    /// <summary>Writes one message to a file of the master's <c>/.xget</c>; the reason when that fails.</summary>
    public async ValueTask<string?> WriteControlAsync(string name, string text, CancellationToken ct)
    {
        (MasterLink.Attachment? attachment, string? reason) = await _context.Master.GetAsync(ct);
        if (attachment is null)
            return reason;
        NinePClient client = attachment.Client;
        uint fid = client.NewFid();
        Reply<Qid[]> walk = await client.WalkAsync(MasterLink.RootFid, fid, Names.Xget, name);
        if (!walk.Ok)
        {
            client.FreeFid(fid, walk.Error);
            return Words.Of(walk.Error);
        }
        Reply<(Qid, uint)> open = await client.OpenAsync(fid, OpenFlags.O_WRONLY, ct);
        Reply<int> written = open.Ok ? await client.WriteAsync(fid, 0, Encoding.UTF8.GetBytes(text), ct) : new(open.Error, 0);
        await client.ClunkAsync(fid, ct);
        return written.Ok ? null : Words.Of(written.Error);
    }

    /// <summary>
    /// The chunk table of a content, without fetching the content; null with a reason when there is none, and ESTALE if the
    /// content is not published any more.
    /// </summary>
    public async ValueTask<(ChunkTable? Table, Errno Error, string? Reason)> TableAsync(Digest digest, CancellationToken ct)
    {
        for (int attempt = 0; attempt <= _context.Options.Retries; attempt++)
        {
            (MasterLink.Attachment? attachment, string? reason) = await _context.Master.GetAsync(ct);
            if (attachment is null)
                return (null, Errno.EIO, reason);
            Reply<byte[]> reply = await WholeFile.ReadAsync(attachment.Client,
                Registration.Path(digest, Names.Chunks), MostTable, ct);
            if (reply.Ok)
                return ChunkTable.TryDecode(reply.Value, digest, out ChunkTable? table, out reason)
                    ? (table, 0, null) : (null, Errno.EIO, reason);
            if (reply.Error is Errno.ENOENT or Errno.ESTALE)
                return (null, Errno.ESTALE, "it is not published any more by the master; run again");
        }
        return (null, Errno.EIO, "the master does not answer");
    }

    /// <summary>
    /// Fetches a content, or the given ranges of it, into a store; children may read it from now on. A content that is
    /// here or under way already is returned as it is.
    /// </summary>
    /// <param name="digest">What to fetch.</param>
    /// <param name="size">Size of the whole content in bytes; null when it is not known, as for packs.</param>
    /// <param name="name">What people call it.</param>
    /// <param name="openStore">Opens the place for its chunks.</param>
    /// <param name="table">The chunk table, when it is known.</param>
    /// <param name="ranges">The wanted parts; null for all.</param>
    /// <param name="join">Until it ends, or somebody reads, this node only says that it will have the content.</param>
    /// <param name="begin">Until it ends nothing is fetched but what readers wait for.</param>
    public Transfer Fetch(Digest digest, ulong? size, string name, Transfer.OpenStore openStore,
        ChunkTable? table = null, IReadOnlyList<DataReference>? ranges = null, Task? join = null, Task? begin = null)
    {
        var made = new Transfer(_context, digest, size, name, openStore);
        Transfer transfer = _transfers.GetOrAdd(digest, made);
        if (transfer == made)
            transfer.Start(table, ranges, join ?? Task.CompletedTask, begin ?? Task.CompletedTask);
        return transfer;
    }

    /// <summary>
    /// The bytes of a directory object, verified, in memory; null with a reason. Children may read the content from here
    /// too.
    /// </summary>
    /// <param name="reference">At most 1 GiB.</param>
    /// <param name="name">What people call it.</param>
    /// <param name="whole">Fetch the whole content, since the rest of it will be wanted too.</param>
    /// <param name="ct">Ends the wait.</param>
    public async ValueTask<(byte[]? Bytes, string? Reason)> ReadAsync(DataReference reference, string name, bool whole, CancellationToken ct)
    {
        if (reference.Length > MaxInMemory)
            return (null, $"{name}: too large to be a directory");
        if (Find(reference.Content) is null && await ReadSmallAsync(reference, ct) is { } small)
            return (small, null);
        Transfer transfer = Fetch(reference.Content, SizeOf(reference), name, OpenInMemory, ranges: whole ? null : []);
        int length = (int)reference.Length;
        byte[] bytes = new byte[Math.Min(length, FirstRead)];
        for (int got = 0; got < length;)
        {
            // It grows with what comes, not with what is promised.
            if (got == bytes.Length)
                Array.Resize(ref bytes, (int)Math.Min(2L * got, length));
            using ContentRange range = await transfer.ReadAsync(reference.Offset + (ulong)got, bytes.Length - got, ct);
            ct.ThrowIfCancellationRequested();
            if (range.CopyTo(bytes.AsSpan(got)) is var error and not 0)
                return (null, transfer.Finished.IsCompleted && await transfer.Finished is { } reason ? reason : $"{name}: {Words.Of(error)}");
            if (range.Count == 0)
                return (null, $"{name}: the directory that names it is wrong about its size");
            got += range.Count;
            if (!DirectoryObject.MayBegin(bytes.AsSpan(0, got)))
                return (null, $"{name}: the master's directory object is not valid");
        }
        return (bytes, null);
    }

    /// <summary>
    /// A content of few bytes comes from the master in one burst: asking for a route would cost it as much. Null if it is
    /// longer, or anything is not as it should be.
    /// </summary>
    private async ValueTask<byte[]?> ReadSmallAsync(DataReference reference, CancellationToken ct)
    {
        if (reference.Offset != 0 || reference.Length is 0 or > MostSmall ||
            (await _context.Master.GetAsync(ct)).Attachment is not { } attachment)
            return null;
        NinePClient client = attachment.Client;
        Task<Reply<byte[]>> table, data;
        using (client.Burst())
        {
            table = client.ReadAllAsync(MasterLink.RootFid, Registration.Path(reference.Content, Names.Chunks), MostSmall, ct).AsTask();
            data = client.ReadAllAsync(MasterLink.RootFid, Registration.Path(reference.Content, Names.Data), MostSmall, ct).AsTask();
        }
        Reply<byte[]> tableRead = await table;
        Reply<byte[]> dataRead = await data;
        if (!tableRead.Ok || !dataRead.Ok || (ulong)dataRead.Value.Length != reference.Length ||
            !ChunkTable.TryDecode(tableRead.Value, reference.Content, out ChunkTable? chunks, out _) ||
            chunks.Count != 1 || !chunks.Matches(0, dataRead.Value))
            return null;
        _context.Counters.Received(master: true, dataRead.Value.Length);
        return dataRead.Value;
    }

    private static Task<(Errno Error, StoredContent? Store)> OpenInMemory(ChunkTable table, CancellationToken ct) =>
        Task.FromResult<(Errno, StoredContent?)>(table.Size > MaxInMemory ? (Errno.EFBIG, null) : (0, new MemoryContent(table)));

    /// <summary>The size of the content that a reference points into, if it tells: what is longer than any pack is a content of its own.</summary>
    public static ulong? SizeOf(DataReference reference) =>
        reference.Offset == 0 && reference.Length > LongerThanPacks ? reference.Length : null;

    private const ulong LongerThanPacks = 8 << 20;
    private const int MostControl = 16 << 20;
    private const int MostGeneration = 64 << 10;
    private const int MostSmall = 4096;
    internal const int MostTable = ChunkTable.HeaderLength + ChunkTable.MaxCount * Digest.Size;
    private const ulong MaxInMemory = 1 << 30;
    private const int FirstRead = 1 << 20;

    /// <summary>Lets go of connections to parents that are not needed any more.</summary>
    public ValueTask CloseIdleParentsAsync() => _context.Parents.CloseIdleAsync(all: true);

    /// <summary>The addresses of the parents that are connected now, for people.</summary>
    public string[] ParentNames() => _context.Parents.Names();

    /// <summary>A content that is being fetched or is here; null when it is neither.</summary>
    public Transfer? Find(Digest digest) => _transfers.GetValueOrDefault(digest);

    private async Task TickAsync()
    {
        // Ended by disposing of it: an exception would cost more than all the ticks of a short copy.
        using var timer = new PeriodicTimer(Tick, _context.Time);
        using CancellationTokenRegistration stopping = _stopping.Token.Register(timer.Dispose);
        for (int tick = 1; await timer.WaitForNextTickAsync(); tick++)
        {
            bool report = tick % ReportTicks == 0;
            foreach ((Transfer transfer, _) in _context.Active)
                transfer.Tick(report);
            if (report)
                await _context.Parents.CloseIdleAsync(all: false);
        }
    }

    /// <summary>The last records still go to the master, if it takes them at once.</summary>
    private async Task FlushLogAsync()
    {
        try
        {
            if (_context.Master.Current is not null)
                await _logging.WaitAsync(FlushTime, _context.Time);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // They are lost; the node's own log has them.
        }
    }

    /// <summary>Who does not take back at once what we hold sees the end of the connection soon.</summary>
    private async Task GiveBackAsync(Task stopped)
    {
        try
        {
            await stopped.WaitAsync(FlushTime, _context.Time);
        }
        catch (TimeoutException)
        {
            // Ended by the end of the connections.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _toMaster?.Complete();
        await FlushLogAsync();
        await _stopping.CancelAsync();
        await _ticking;
        if (_listener is not null)
            await _listener.DisposeAsync();
        await _serving;
        Task stopped = Task.WhenAll(_transfers.Values.Select(t => t.StopAsync().AsTask()));
        await GiveBackAsync(stopped);
        await _context.Parents.DisposeAsync();
        await _context.Master.DisposeAsync();
        await stopped;
    }

    /// <summary>What children see: contents by digest.</summary>
    private sealed class WorkerTree : IAttachPoint
    {
        private readonly FixedDirectory _root;

        internal WorkerTree(ClusterNode node) => _root = new FixedDirectory(1, node._context.Time.GetUtcNow(), r =>
        [
            new FixedDirectory(r, Names.Xget, 2, x =>
            [
                new ContentsDirectory(x, 3, node.Find, () => node._transfers.Values, [Names.Front], (directory, _) =>
                    node.Find(directory.Digest) is { } transfer
                        ? new FrontFile(directory, TreeFile.MixId(directory.Digest, 6), transfer) : null),
            ]),
        ]);

        public Errno Attach(ServerConnection peer, ReadOnlySpan<byte> uname, ReadOnlySpan<byte> aname, uint nUname, out ServedFile? file)
        {
            file = _root;
            return 0;
        }

        public void Disconnected(ServerConnection peer)
        {
        }
    }
}
