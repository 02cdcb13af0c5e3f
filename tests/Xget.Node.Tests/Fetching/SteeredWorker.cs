using System.Net;
using System.Text;
using Mono.Unix.Native;
using Xget.Content;
using Xget.NineP;
using Xget.Node.Tree;
using Xget.Node.Wire;

namespace Xget.Node.Tests.Fetching;

/// <summary>A worker that gives out the chunks that a test tells it to, when it tells it, and notes what it was asked for.</summary>
internal sealed class SteeredWorker : IAsyncDisposable
{
    private const int Port = 7000;
    private readonly CancellationTokenSource _stopping = new();
    private readonly HostTransport _host;
    private readonly TreeClient _client;
    private readonly PublishedNode _file;
    private readonly Steered _content;
    private readonly Task _serving;

    private SteeredWorker(HostTransport host, TreeClient client, PublishedNode file, Steered content)
    {
        (_host, _client, _file, _content) = (host, client, file, content);
        _serving = new NinePServer(new Tree(content), new ServerOptions(), TimeProvider.System).RunAsync(host.Listen(EndPoint), _stopping.Token);
    }

    public IPEndPoint EndPoint => new(_host.Address, Port);

    /// <summary>The chunks that it was asked for by reads that wait, in this order.</summary>
    public int[] Asked => _content.Noted(waiting: true);

    /// <summary>The chunks that it was asked for by reads that do not wait.</summary>
    public int[] Tried => _content.Noted(waiting: false);

    /// <summary>A worker of these bytes that has none of them yet, known to the master when it has advertised.</summary>
    public static async Task<SteeredWorker> ServeAsync(TestCluster cluster, PublishedNode file, byte[] bytes, string name)
    {
        HostTransport host = cluster.NewHost();
        var content = new Steered(cluster.Generation.Find(file.Data.Content)!.Table, bytes);
        return new SteeredWorker(host, await cluster.AttachAsync(name, host: host.Host), file, content);
    }

    /// <summary>Says that it has everything, whatever it has.</summary>
    public async Task AdvertiseCompleteAsync() => await (await AdvertiseAsync()).WriteAsync($"have {_content.Size}");

    /// <summary>Advertises and asks for routes as a newcomer does, which it holds from then on.</summary>
    public async Task<string> JoinAsync()
    {
        await AdvertiseAsync();
        return await (await _client.OpenAsync(OpenFlags.O_RDWR, TreeClient.Of(_file, Names.Redir))).ReadAsync();
    }

    private async Task<TreeClient.OpenPath> AdvertiseAsync()
    {
        TreeClient.OpenPath avail = await _client.OpenAsync(OpenFlags.O_RDWR, TreeClient.Of(_file, Names.Avail));
        await avail.WriteAsync($"{Port}");
        Assert.Equal("reachable\n", await avail.ReadAsync());
        return avail;
    }

    /// <summary>It has these chunks from now on.</summary>
    public void Give(params IEnumerable<int> chunks) => _content.Give(chunks);

    /// <summary>What its <c>front</c> says at an offset; without this it has no such file, as workers had none once.</summary>
    public Func<ulong, Task<string>>? Front
    {
        get => _content.Front;
        set => _content.Front = value;
    }

    /// <summary>It answers nothing any more from when its content is walked to again.</summary>
    public void FallSilentWhenWalkedTo() => _content.MaySpeak.Reset();

    /// <summary>It was, and has fallen silent.</summary>
    public bool IsSilent => _content.IsSilent;

    /// <summary>Its cable is pulled.</summary>
    public void Cut() => _host.Host.CutAll();

    /// <summary>Its address in the master's words.</summary>
    public override string ToString() => HostPort.Format(EndPoint);

    public async ValueTask DisposeAsync()
    {
        _content.MaySpeak.Set();
        await _client.DisposeAsync();
        await _stopping.CancelAsync();
        await _serving;
    }

    private sealed class Steered(ChunkTable table, byte[] bytes) : ServedContent
    {
        private readonly Lock _gate = new();
        private readonly HashSet<int> _here = [];
        private readonly List<(int Chunk, bool Waiting)> _noted = [];
        private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Func<ulong, Task<string>>? Front { get; set; }

        /// <summary>Set unless it has fallen silent.</summary>
        public ManualResetEventSlim MaySpeak { get; } = new(true);

        public volatile bool IsSilent;

        public override Digest Digest => table.Content;

        public override ulong Size => table.Size;

        public int[] Noted(bool waiting)
        {
            lock (_gate)
                return [.. _noted.Where(n => n.Waiting == waiting).Select(n => n.Chunk)];
        }

        public void Give(IEnumerable<int> chunks)
        {
            lock (_gate)
            {
                _here.UnionWith(chunks);
                _more.TrySetResult();
                _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        public override ValueTask<ChunkTable?> TableAsync(CancellationToken ct) => new(table);

        public override async ValueTask<ContentRange> ReadAsync(ulong offset, int count, CancellationToken ct)
        {
            int chunk = Note(offset, waiting: true);
            while (true)
            {
                Task more;
                lock (_gate)
                {
                    if (_here.Contains(chunk))
                        return Range(chunk);
                    more = _more.Task;
                }
                try
                {
                    await more.WaitAsync(ct);
                }
                catch (OperationCanceledException)
                {
                    return ContentRange.Failed(Errno.EINTR);
                }
            }
        }

        public override bool TryServe(ulong offset, int count, out ContentRange range)
        {
            int chunk = Note(offset, waiting: false);
            range = Range(chunk);
            lock (_gate)
                return _here.Contains(chunk);
        }

        private int Note(ulong offset, bool waiting)
        {
            int chunk = (int)(offset / (ulong)table.ChunkSize);
            Assert.Equal(table.OffsetOf(chunk), offset);
            lock (_gate)
                _noted.Add((chunk, waiting));
            return chunk;
        }

        private ContentRange Range(int chunk) =>
            ContentRange.OfBytes(bytes.AsMemory((int)table.OffsetOf(chunk), table.LengthOf(chunk)));
    }

    private sealed class FrontText(ServedFile parent, Func<ulong, Task<string>> text) : TreeFile(parent, Names.Front, 6, ReadMode)
    {
        public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
        {
            file = new Reader(text);
            return 0;
        }

        private sealed class Reader(Func<ulong, Task<string>> text) : OpenFile
        {
            public override async ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct) =>
                ReadResult.Bytes(Encoding.ASCII.GetBytes(await text(offset).WaitAsync(ct)));
        }
    }

    /// <summary>The tree of a worker that has that one content.</summary>
    private sealed class Tree : IAttachPoint
    {
        private readonly FixedDirectory _root;

        internal Tree(Steered content)
        {
            ServedContent? Find(Digest digest)
            {
                content.IsSilent = !content.MaySpeak.IsSet;
                content.MaySpeak.Wait();
                return digest == content.Digest ? content : null;
            }

            _root = new FixedDirectory(null, "/", 1, r =>
            [
                new FixedDirectory(r, Names.Xget, 2, x =>
                [
                    new ContentsDirectory(x, 3, Find, () => [content], [Names.Front],
                        (directory, _) => content.Front is { } front ? new FrontText(directory, front) : null),
                ]),
            ]);
        }

        public Errno Attach(ServerConnection peer, ReadOnlySpan<byte> uname, ReadOnlySpan<byte> aname, uint nUname, out ServedFile? root)
        {
            root = _root;
            return 0;
        }

        public void Disconnected(ServerConnection peer)
        {
        }
    }
}
