using System.Threading.Channels;
using Mono.Unix.Native;
using Xget.Content;
using Xget.Content.Store;
using Xget.Node.Tree;

namespace Xget.Node.Fetching;

/// <summary>
/// One content on this node: being fetched from parents, and served to children from the first moment on. Its routes,
/// and what it holds at the master, belong to one loop that applies events in turn (Transfer.Routes.cs); its chunks are
/// guarded by a lock (Transfer.Chunks.cs). Thread-safe.
/// </summary>
public sealed partial class Transfer : ServedContent
{
    /// <summary>Opens the place where the chunks go, once the chunk table is known.</summary>
    public delegate Task<(Errno Error, StoredContent? Store)> OpenStore(ChunkTable table, CancellationToken ct);

    private readonly FetchContext _node;
    private readonly OpenStore _openStore;
    private readonly Channel<RouteEvent> _events = Channel.CreateUnbounded<RouteEvent>();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<ChunkTable?> _tableReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string?> _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _nearEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _needed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ulong? _sizeHint;
    private Task _running = Task.CompletedTask;

    internal Transfer(FetchContext node, Digest digest, ulong? size, string name, OpenStore openStore)
    {
        _node = node;
        _openStore = openStore;
        Digest = digest;
        _sizeHint = size;
        Name = name;
    }

    /// <inheritdoc/>
    public override Digest Digest { get; }

    /// <inheritdoc/>
    public override ulong Size => _table?.Size ?? _sizeHint ?? 0;

    /// <summary>What people call it: the path of a file with these bytes.</summary>
    public string Name { get; }

    /// <summary>
    /// Ends when all wanted chunks are verified and stored: with null, or with the reason why that will never be.
    /// </summary>
    public Task<string?> Finished => _finished.Task;

    /// <summary>Ends when about all that is missing has been asked for, or nothing more will come: the next content may
    /// begin, so that no link rests between the two.</summary>
    public Task NearEnd => _nearEnd.Task;

    /// <summary>Why it failed: ESTALE if the content is not published any more, or has changed at the master; 0 if it has not.</summary>
    public Errno Error
    {
        get
        {
            lock (_gate)
                return _failed ? _error : 0;
        }
    }

    /// <summary>Whether it will never be complete: see <see cref="Finished"/> for the reason.</summary>
    public bool HasFailed
    {
        get
        {
            lock (_gate)
                return _failed;
        }
    }

    /// <summary>The place of the chunks; null until the chunk table has come.</summary>
    public StoredContent? Store { get; private set; }

    /// <inheritdoc/>
    public override async ValueTask<ChunkTable?> TableAsync(CancellationToken ct)
    {
        _needed.TrySetResult();
        return await _tableReady.Task.WaitAsync(ct);
    }

    /// <summary>Gets its routes and its place, and begins to fetch.</summary>
    /// <param name="table">The chunk table, when it is known already.</param>
    /// <param name="ranges">What is wanted; null for all of it.</param>
    /// <param name="join">Until it ends, or somebody reads, this node only says that it will have the content.</param>
    /// <param name="begin">Until it ends nothing is fetched but what readers wait for.</param>
    internal void Start(ChunkTable? table, IReadOnlyList<DataReference>? ranges, Task join, Task begin)
    {
        _wantedRanges = ranges;
        _begun = begin.IsCompleted;
        _running = RunAsync(table, join);
        if (!_begun)
            _ = BeginAfterAsync(begin);
    }

    private async Task BeginAfterAsync(Task begin)
    {
        await begin;
        lock (_gate)
            _begun = true;
        Pump();
    }

    /// <summary>The complete content is somewhere else from now on; the old place is let go of.</summary>
    internal void Move(StoredContent place)
    {
        StoredContent? old;
        lock (_gate)
            (old, Store) = (Store, place);
        old?.Dispose();
    }

    /// <summary>Ends it: nothing is fetched or advertised any more.</summary>
    internal async ValueTask StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        Fail("stopped");
        await _drained.Task;
        Store?.Dispose();
    }

    private void Finish(string? reason)
    {
        _finished.TrySetResult(reason);
        _nearEnd.TrySetResult();
    }

    private void Fail(string reason, Errno error = Errno.EIO)
    {
        Waiters waiting = default;
        lock (_gate)
        {
            if (!_failed)
                _error = error;
            _failed = true;
            if (_fetching == 0)
                _drained.TrySetResult();
            foreach (Waiters waiters in _waiters.Values)
                waiting.Add(waiters);
            _waiters.Clear();
            TellPlaced();
        }
        _tableReady.TrySetResult(null);
        Finish(reason);
        waiting.End(false);
        _events.Writer.TryComplete();
    }
}
