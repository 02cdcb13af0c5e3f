using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Mono.Unix.Native;
using Xget.Lab;
using Xget.NineP;

namespace Xget.Interop.Tests;

/// <summary>Our client against Debian's diod, a 9P2000.L server of another make.</summary>
public sealed class DiodServerTests : IAsyncLifetime, IDisposable
{
    private const uint Root = 0;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Scratch _scratch = new();
    private Child? _diod;
    private NinePClient _client = null!;
    private string _tree = "";

    public async Task InitializeAsync()
    {
        if (!File.Exists("/usr/sbin/diod") || Syscall.geteuid() != 0)
        {
            return;
        }

        _tree = SmallTree.Make(_scratch);
        int port = FreePort();
        _diod = Child.Start(_scratch["diod"], null, "/usr/sbin/diod",
            "-f", "-n", "-N", "-c", "/dev/null", "-L", _scratch["diod.log"], "-e", _tree,
            "-l", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"));
        var transport = new SocketTransport();
        IConnection connection = await ConnectAsync(transport, new IPEndPoint(IPAddress.Loopback, port));
        _client = Expect(await NinePClient.ConnectAsync(
            connection, new ClientOptions(), TimeProvider.System, CancellationToken.None));
        uint root = _client.NewFid();
        Assert.Equal(Root, root);
        Expect(await _client.AttachAsync(root, "root", _tree, 0));
    }

    public async Task DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }

        _diod?.Dispose();
    }

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public void The_dialect_is_9P2000_L_and_msize_is_the_server_s()
    {
        Needs();
        Assert.Equal(Dialect.NineP2000L, _client.Dialect);
        Assert.InRange(_client.Msize, 4096, 65536 + 24);
    }

    [SkippableFact]
    public async Task The_whole_tree_is_listed_and_read_byte_for_byte()
    {
        Needs();
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        var links = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var directories = new SortedSet<string>(StringComparer.Ordinal);
        await VisitAsync("", Root, files, links, directories);

        Assert.Equal(SmallTree.Directories(_tree), directories);
        Assert.Equal(SmallTree.Files(_tree), files.Keys);
        foreach ((string path, byte[] bytes) in files)
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(_tree, path)), bytes);
        }

        Assert.Equal("img", Assert.Single(links).Value);
    }

    [SkippableTheory]
    [InlineData("img")]
    [InlineData("deep")]
    [InlineData("link")]
    [InlineData("sizes/of0")]
    public async Task Attributes_are_those_of_stat(string path)
    {
        Needs();
        uint fid = await WalkAsync(path.Split('/'));
        (_, Attributes got) = Expect(await _client.GetAttributesAsync(fid, CancellationToken.None));
        string[] expected = Command.Run("stat", "-c", "%f %u %g %h %s %b %Y", Path.Combine(_tree, path)).Trim().Split(' ');
        Assert.Equal(expected, new[]
        {
            got.Mode.ToString("x", CultureInfo.InvariantCulture), $"{got.Uid}", $"{got.Gid}", $"{got.NLink}", $"{got.Size}",
            $"{got.Blocks}", $"{got.Mtime.Seconds}",
        });
        Expect(await _client.ClunkAsync(fid));
    }

    [SkippableFact]
    public async Task Statfs_is_that_of_the_file_system()
    {
        Needs();
        FileSystemStatistics got = Expect(await _client.StatFsAsync(Root, CancellationToken.None));
        string[] expected = Command.Run("stat", "-f", "-c", "%s %b %c %l", _tree).Trim().Split(' ');
        Assert.Equal(expected, new[] { $"{got.BlockSize}", $"{got.Blocks}", $"{got.Files}", $"{got.NameLength}" });
    }

    [SkippableFact]
    public async Task Many_reads_at_once_come_back_in_their_own_places()
    {
        Needs();
        uint fid = await WalkAsync("img");
        Expect(await _client.OpenAsync(fid, OpenFlags.O_RDONLY, CancellationToken.None));
        byte[] all = new byte[SmallTree.ImageSize];
        const int Piece = 20_000;
        Task<Reply<int>>[] reads = [.. Enumerable.Range(0, SmallTree.ImageSize / Piece)
            .Select(i => i * Piece)
            .Select(at => _client.ReadAsync(fid, (ulong)at, all.AsMemory(at, Piece), CancellationToken.None).AsTask())];
        foreach (Task<Reply<int>> read in reads)
        {
            Assert.Equal(Piece, Expect(await read));
        }

        Assert.Equal(File.ReadAllBytes(Path.Combine(_tree, "img")), all);
        Expect(await _client.ClunkAsync(fid));
    }

    [SkippableFact]
    public async Task Errors_are_the_server_s_numbers()
    {
        Needs();
        Reply<Qid[]> missing = await _client.WalkAsync(Root, _client.NewFid(), [Bytes("missing")], CancellationToken.None);
        Assert.Equal(Errno.ENOENT, missing.Error);
        uint directory = await WalkAsync("deep");
        Assert.Equal(Errno.EINVAL, (await _client.ReadLinkAsync(directory, CancellationToken.None)).Error);
        Assert.False((await _client.OpenAsync(directory, OpenFlags.O_WRONLY, CancellationToken.None)).Ok);
    }

    private void Needs()
    {
        Prerequisite.Root();
        Prerequisite.Commands("diod");
        Assert.False(_diod!.HasExited, _diod.Story);
    }

    private async Task VisitAsync(
        string path, uint fid, SortedDictionary<string, byte[]> files, SortedDictionary<string, string> links,
        SortedSet<string> directories)
    {
        directories.Add(path);
        uint open = _client.NewFid();
        Expect(await _client.WalkAsync(fid, open, [], CancellationToken.None));
        Expect(await _client.OpenAsync(open, OpenFlags.O_RDONLY, CancellationToken.None));
        var items = new List<DirectoryItem>();
        ulong offset = 0;
        while (true)
        {
            DirectoryItem[] more = Expect(await _client.ReadDirectoryAsync(open, offset, CancellationToken.None));
            if (more.Length == 0)
            {
                break;
            }

            items.AddRange(more);
            offset = more[^1].NextOffset;
        }

        Expect(await _client.ClunkAsync(open));
        foreach (DirectoryItem item in items)
        {
            string name = Encoding.UTF8.GetString(item.Name);
            if (name is "." or "..")
            {
                continue;
            }

            string child = path.Length == 0 ? name : path + "/" + name;
            uint childFid = _client.NewFid();
            Expect(await _client.WalkAsync(fid, childFid, [item.Name], CancellationToken.None));
            if (item.Qid.IsDirectory)
            {
                await VisitAsync(child, childFid, files, links, directories);
            }
            else if ((item.Qid.Type & QidType.Symlink) != 0)
            {
                links.Add(child, Encoding.UTF8.GetString(Expect(await _client.ReadLinkAsync(childFid, CancellationToken.None))));
            }
            else
            {
                files.Add(child, await ReadFileAsync(childFid));
            }

            Expect(await _client.ClunkAsync(childFid));
        }
    }

    private async Task<byte[]> ReadFileAsync(uint fid)
    {
        Expect(await _client.OpenAsync(fid, OpenFlags.O_RDONLY, CancellationToken.None));
        using var bytes = new MemoryStream();
        byte[] piece = new byte[50_000];
        while (Expect(await _client.ReadAsync(fid, (ulong)bytes.Length, piece, CancellationToken.None)) is > 0 and int got)
        {
            bytes.Write(piece, 0, got);
        }

        return bytes.ToArray();
    }

    private async Task<uint> WalkAsync(params string[] names)
    {
        uint fid = _client.NewFid();
        Expect(await _client.WalkAsync(Root, fid, [.. names.Select(Bytes)], CancellationToken.None));
        return fid;
    }

    private static ReadOnlyMemory<byte> Bytes(string name) => Encoding.UTF8.GetBytes(name);

    private static T Expect<T>(Reply<T> reply)
    {
        Assert.True(reply.Ok, $"{reply.Error} {reply.ErrorText}");
        return reply.Value;
    }

    // diod takes no port 0; the one that was free a moment ago still is.
    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private async Task<IConnection> ConnectAsync(SocketTransport transport, IPEndPoint server)
    {
        await _diod!.UntilAsync(() =>
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Connect(server);
                return "up";
            }
            catch (SocketException)
            {
                return null;
            }
        }, Patience);
        return await transport.ConnectAsync(server, CancellationToken.None);
    }
}
