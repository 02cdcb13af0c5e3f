using System.Globalization;
using System.Net;
using System.Text;
using Mono.Unix.Native;
using Xget.NineP;

namespace Xget.Cluster.Tests;

/// <summary>
/// A liar: it joins the tree of one content as a node does (avail, redir, both held open), and serves its children the
/// right chunk table and a <c>data</c> of the right length in which some bytes are wrong.
/// </summary>
internal sealed class CorruptWorker : IAsyncDisposable
{
    private const int LargestTable = 1 << 20;
    private readonly CancellationTokenSource _end = new();
    private readonly IListener _listener;
    private readonly NinePClient _master;
    private readonly Task _serving;
    private readonly Lie _lie;

    private CorruptWorker(IListener listener, NinePClient master, Lie lie)
    {
        _listener = listener;
        _master = master;
        _lie = lie;
        var server = new NinePServer(lie, new ServerOptions(), TimeProvider.System);
        _serving = server.RunAsync(listener, _end.Token);
    }

    /// <summary>Where it serves, as the master's log writes it.</summary>
    public string Address { get; private set; } = "";

    /// <summary>The route that the master gave it, as text.</summary>
    public string Route { get; private set; } = "";

    /// <summary>Bytes of the wrong data that it has served.</summary>
    public long Served => Interlocked.Read(ref _lie.Served);

    /// <summary>Joins; <paramref name="digest"/> and <paramref name="bytes"/> are the content's.</summary>
    public static async Task<CorruptWorker> JoinAsync(IPEndPoint master, string name, string digest, byte[] bytes)
    {
        var transport = new SocketTransport();
        IListener listener = transport.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        IConnection connection = await transport.ConnectAsync(master, CancellationToken.None);
        NinePClient client = Expect(await NinePClient.ConnectAsync(
            connection, new ClientOptions(), TimeProvider.System, CancellationToken.None));
        uint root = client.NewFid();
        Expect(await client.AttachAsync(root, name, ""));
        byte[] chunks = Expect(await client.ReadAllAsync(
            root, [.. Names(digest, "chunks")], LargestTable, CancellationToken.None));
        var worker = new CorruptWorker(listener, client, new Lie(bytes, chunks));
        int port = ((IPEndPoint)listener.Local).Port;
        worker.Address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1!{port}");

        uint avail = await OpenAsync(client, root, OpenFlags.O_WRONLY, digest, "avail");
        Expect(await client.WriteAsync(avail, 0, Bytes(port.ToString(CultureInfo.InvariantCulture))));
        uint redir = await OpenAsync(client, root, OpenFlags.O_RDWR, digest, "redir");
        byte[] route = new byte[4096];
        int length = Expect(await client.ReadAsync(redir, 0, route, CancellationToken.None));
        worker.Route = Encoding.ASCII.GetString(route, 0, length);
        Expect(await client.WriteAsync(avail, 0, Bytes($"have {bytes.Length}")));
        return worker;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _master.DisposeAsync();
        await _listener.DisposeAsync();
        await _serving;
        _end.Dispose();
    }

    private static async Task<uint> OpenAsync(NinePClient client, uint root, OpenFlags flags, string digest, string file)
    {
        uint fid = client.NewFid();
        Expect(await client.WalkAsync(root, fid, Names(digest, file), CancellationToken.None));
        Expect(await client.OpenAsync(fid, flags, CancellationToken.None));
        return fid;
    }

    private static ReadOnlyMemory<byte>[] Names(string digest, string file) =>
        [Bytes(".xget"), Bytes("objects"), Bytes(digest), Bytes(file)];

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static T Expect<T>(Reply<T> reply)
    {
        Assert.True(reply.Ok, $"{reply.Error} {reply.ErrorText}");
        return reply.Value;
    }

    // Any path to a "data" or a "chunks" leads to it: whatever a child asks for is the one content.
    private sealed class Lie(byte[] bytes, byte[] chunks) : IAttachPoint
    {
        private const int WrongEvery = 20_000;

        public long Served;

        public byte[] Chunks => chunks;

        public byte[] Wrong { get; } = [.. bytes.Select((b, i) => i % WrongEvery == WrongEvery - 1 ? (byte)~b : b)];

        public Errno Attach(
            ServerConnection peer, ReadOnlySpan<byte> uname, ReadOnlySpan<byte> aname, uint nUname, out ServedFile? root)
        {
            root = new AnyDirectory(this, "/", 1);
            return 0;
        }

        public void Disconnected(ServerConnection peer)
        {
        }
    }

    private sealed class AnyDirectory(Lie lie, string name, ulong path) : ServedFile
    {
        public override Qid Qid => new(QidType.Directory, 1, path);

        public override ReadOnlyMemory<byte> Name => Encoding.UTF8.GetBytes(name);

        public override Errno GetAttributes(out Attributes attributes)
        {
            attributes = new Attributes { Mode = 0x4000 | 0x16D, NLink = 2 }; // S_IFDIR, 0555
            return 0;
        }

        public override Errno Walk(ReadOnlySpan<byte> name, out ServedFile? child)
        {
            string text = Encoding.UTF8.GetString(name);
            child = text switch
            {
                "data" => new Content(lie, lie.Wrong, text),
                "chunks" => new Content(lie, lie.Chunks, text),
                _ => new AnyDirectory(lie, text, path + 1),
            };
            return 0;
        }
    }

    private sealed class Content(Lie lie, byte[] bytes, string name) : ServedFile
    {
        public override Qid Qid => new(QidType.File, 1, 1000 + (ulong)name.Length);

        public override ReadOnlyMemory<byte> Name => Encoding.UTF8.GetBytes(name);

        public override Errno GetAttributes(out Attributes attributes)
        {
            attributes = new Attributes { Mode = 0x8000 | 0x124, NLink = 1, Size = (ulong)bytes.Length }; // S_IFREG, 0444
            return 0;
        }

        public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
        {
            file = new Reader(lie, bytes);
            return 0;
        }
    }

    private sealed class Reader(Lie lie, byte[] bytes) : OpenFile
    {
        public override ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
        {
            int from = (int)Math.Min(offset, (ulong)bytes.Length);
            int length = Math.Min(count, bytes.Length - from);
            if (bytes == lie.Wrong)
            {
                Interlocked.Add(ref lie.Served, length);
            }

            return ValueTask.FromResult(ReadResult.Bytes(bytes.AsMemory(from, length)));
        }
    }
}
