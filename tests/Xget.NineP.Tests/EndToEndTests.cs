using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Testing;

namespace Xget.NineP.Tests;

/// <summary>Client and server together: in memory, and over TCP.</summary>
public sealed class EndToEndTests
{
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    public static TheoryData<bool, Dialect> Ways => new()
    {
        { false, Dialect.NineP2000 }, { false, Dialect.NineP2000u }, { false, Dialect.NineP2000L },
        { true, Dialect.NineP2000 }, { true, Dialect.NineP2000u }, { true, Dialect.NineP2000L },
    };

    private static ITransport Transport(bool tcp) => tcp ? new SocketTransport() : new MemoryTransport();

    private static async Task WithClientAsync(
        ITransport transport, Dialect dialect, TestTree tree, Func<NinePClient, Task> use)
    {
        NinePServer server = new(tree, new ServerOptions(), TimeProvider.System);
        using CancellationTokenSource stop = new();
        await using IListener listener = transport.Listen(AnyPort);
        Task running = server.RunAsync(listener, stop.Token);
        IConnection connection = await transport.ConnectAsync(listener.Local, CancellationToken.None);
        Reply<NinePClient> connected = await NinePClient.ConnectAsync(
            connection, new ClientOptions { Dialect = dialect }, TimeProvider.System, CancellationToken.None);
        await using (NinePClient client = connected.Value)
        {
            Assert.Equal(dialect, client.Dialect);
            Assert.True((await client.AttachAsync(client.NewFid(), "root", "")).Ok);
            await use(client);
            Assert.Equal(0, client.Outstanding);
        }

        await stop.CancelAsync();
        await running;
        Assert.Equal((0, 0, 1), (tree.Open, tree.OpenAtDisconnection, tree.Disconnections));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_tree_is_walked_listed_and_read(bool tcp, Dialect dialect)
    {
        TestTree tree = new();
        TestDirectory sub = tree.Root.AddDirectory("sub");
        TestFile file = sub.AddFile("file", "some bytes");
        file.Attributes = file.Attributes with { Blocks = 1 };
        sub.AddLink("link", "file");
        await WithClientAsync(Transport(tcp), dialect, tree, async client =>
        {
            uint directory = client.NewFid();
            Assert.True((await client.WalkAsync(0, directory, "sub")).Ok);
            Assert.True((await client.OpenAsync(directory, OpenFlags.O_RDONLY)).Ok);
            List<string> names = [];
            ulong offset = 0;
            while ((await client.ReadDirectoryAsync(directory, offset)).Value is [.., var last] items)
            {
                names.AddRange(items.Select(i => Encoding.UTF8.GetString(i.Name)));
                offset = last.NextOffset;
            }

            Assert.Equal(["file", "link"], names.Except([".", ".."]));

            uint fid = client.NewFid();
            Assert.Equal(2, (await client.WalkAsync(0, fid, "sub", "file")).Value.Length);
            Attributes attributes = (await client.GetAttributesAsync(fid)).Value.Attributes;
            Assert.Equal((0x81A4u, 10UL, 1000u), (attributes.Mode, attributes.Size, attributes.Uid));
            if (dialect == Dialect.NineP2000L)
            {
                Assert.Equal(file.Attributes, attributes);
                Assert.Equal(4096u, (await client.StatFsAsync(fid)).Value.BlockSize);
                Assert.Equal(Errno.ENODATA, (await client.XattrWalkAsync(fid, 9, Frames.Bytes("user.x"))).Error);
            }
            else
            {
                Assert.Equal(Errno.EOPNOTSUPP, (await client.StatFsAsync(fid)).Error);
                Assert.Equal(Errno.EOPNOTSUPP, (await client.XattrWalkAsync(fid, 9, Frames.Bytes("user.x"))).Error);
            }

            Assert.Equal("some bytes", Encoding.UTF8.GetString(
                (await client.ReadAllAsync(0, ["sub", "file"], 100)).Value));
            await client.WalkAsync(0, 50, "sub", "link");
            Reply<byte[]> link = await client.ReadLinkAsync(50);
            Assert.Equal(dialect == Dialect.NineP2000 ? "" : "file", Encoding.UTF8.GetString(link.Value));
            Assert.True((await client.ClunkAsync(fid)).Ok);
        });
    }

    [Theory]
    [InlineData(0, 0, (Errno)0)]
    [InlineData(10, 10, (Errno)0)]
    [InlineData(11, 10, Errno.EFBIG)]
    [InlineData(3_000_000, 3_000_000, (Errno)0)]
    [InlineData(3_000_001, 3_000_000, Errno.EFBIG)]
    public async Task A_small_file_is_read_in_one_burst_up_to_its_limit(int size, int limit, Errno error)
    {
        TestTree tree = new();
        byte[] bytes = new byte[size];
        new Random(1).NextBytes(bytes);
        tree.Root.AddFile("file", bytes);
        await WithClientAsync(new MemoryTransport(), Dialect.NineP2000L, tree, async client =>
        {
            Reply<byte[]> reply = await client.ReadAllAsync(0, ["file"], limit);
            Assert.Equal(error, reply.Error);
            Assert.Equal(error == 0 ? bytes : [], reply.Value);
            Assert.Equal(Errno.ENOENT, (await client.ReadAllAsync(0, ["file2"], limit)).Error);
            uint fid = client.NewFid();
            Assert.Equal(1u, fid);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Many_reads_in_flight_bring_the_bytes_of_a_file_on_disk(bool tcp)
    {
        byte[] bytes = new byte[20_000_000];
        new Random(2).NextBytes(bytes);
        using SafeFileHandle disk = NamelessFile.Of(bytes);
        TestTree tree = new();
        TestFile file = tree.Root.AddFile("file", bytes);
        file.OnDisk = disk;
        await WithClientAsync(Transport(tcp), Dialect.NineP2000L, tree, async client =>
        {
            const int Piece = 1 << 20;
            await client.WalkAsync(0, 1, "file");
            await client.OpenAsync(1, OpenFlags.O_RDONLY);
            byte[] copy = new byte[bytes.Length];
            List<Task<Reply<int>>> reads = [];
            for (int at = 0; at < copy.Length; at += Piece)
            {
                Memory<byte> to = copy.AsMemory(at, Math.Min(Piece, copy.Length - at));
                reads.Add(client.ReadAsync(1, (ulong)at, to).AsTask());
            }

            Reply<int>[] replies = await Task.WhenAll(reads);
            Assert.Equal(copy.Length, replies.Sum(r => r.Value));
            Assert.True(copy.AsSpan().SequenceEqual(bytes));
        });
        Assert.Equal(0, file.Leases);
    }

    [Fact]
    public async Task Several_threads_may_use_one_client()
    {
        TestTree tree = new();
        for (int i = 0; i < 10; i++)
        {
            tree.Root.AddFile($"file{i}", new string((char)('a' + i), 1000 * i));
        }

        await WithClientAsync(new SocketTransport(), Dialect.NineP2000L, tree, client => Task.WhenAll(
            Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
            {
                for (int i = 0; i < 200; i++)
                {
                    int file = (i + n) % 10;
                    Reply<byte[]> reply = await client.ReadAllAsync(0, [$"file{file}"], 20_000);
                    Assert.Equal(new string((char)('a' + file), 1000 * file), Encoding.UTF8.GetString(reply.Value));
                }
            }))));
    }

    [Fact]
    public async Task The_kernel_tells_a_connection_s_least_round_trip_as_long_as_it_is_open()
    {
        SocketTransport transport = new();
        await using IListener listener = transport.Listen(AnyPort);
        await using IConnection near = await transport.ConnectAsync(listener.Local, default);
        IConnection far = await listener.AcceptAsync(default);
        Assert.InRange(far.LeastRoundTrip, TimeSpan.FromMicroseconds(1), TimeSpan.FromSeconds(1));
        await far.DisposeAsync();
        Assert.Equal(default, far.LeastRoundTrip);
    }

    [SkippableFact]
    public async Task A_listener_on_all_addresses_takes_both_families_and_shows_each_as_it_is()
    {
        Skip.IfNot(Socket.OSSupportsIPv6, "needs IPv6");
        SocketTransport transport = new();
        await using IListener listener = transport.Listen(new IPEndPoint(IPAddress.IPv6Any, 0));
        int port = ((IPEndPoint)listener.Local).Port;
        foreach (IPAddress address in (IPAddress[])[IPAddress.Loopback, IPAddress.IPv6Loopback])
        {
            await using IConnection near = await transport.ConnectAsync(new IPEndPoint(address, port), default);
            await using IConnection far = await listener.AcceptAsync(default);
            Assert.Equal(address, ((IPEndPoint)far.Remote).Address);
            Assert.Equal(address, ((IPEndPoint)far.Local).Address);
            Assert.Equal(near.Local, far.Remote);
        }
    }

    [Fact]
    public async Task Nobody_listening_is_a_refused_connection()
    {
        SocketTransport transport = new();
        IListener listener = transport.Listen(AnyPort);
        EndPoint gone = listener.Local;
        await listener.DisposeAsync();
        await Assert.ThrowsAsync<SocketException>(async () => await transport.ConnectAsync(gone, default));
    }

    [Fact]
    public async Task An_aborted_socket_wakes_both_sides()
    {
        SocketTransport transport = new();
        await using IListener listener = transport.Listen(AnyPort);
        await using IConnection near = await transport.ConnectAsync(listener.Local, default);
        await using IConnection far = await listener.AcceptAsync(default);
        Task<int> here = near.ReceiveAsync(new byte[1], default).AsTask();
        Task<int> there = far.ReceiveAsync(Memory<byte>.Empty, default).AsTask();
        near.Abort();
        Assert.IsAssignableFrom<Exception>(await Record.ExceptionAsync(() => here));
        await Record.ExceptionAsync(() => there);
        await Record.ExceptionAsync(async () => Assert.Equal(0, await far.ReceiveAsync(new byte[1], default)));
    }

    [Fact]
    public async Task A_file_goes_through_a_socket_whose_peer_reads_slowly()
    {
        SocketTransport transport = new();
        await using IListener listener = transport.Listen(AnyPort);
        await using IConnection near = await transport.ConnectAsync(listener.Local, default);
        await using IConnection far = await listener.AcceptAsync(default);
        byte[] bytes = new byte[30_000_000];
        new Random(3).NextBytes(bytes);
        using SafeFileHandle disk = NamelessFile.Of(bytes);
        byte[] header = [1, 2, 3];
        Task sending = far.SendFileAsync(header, disk, 5, bytes.Length - 5, default).AsTask();
        byte[] copy = new byte[bytes.Length - 2];
        for (int at = 0; at < copy.Length;)
        {
            await Task.Yield();
            at += await near.ReceiveAsync(copy.AsMemory(at, Math.Min(100_000, copy.Length - at)), default);
        }

        await sending;
        Assert.Equal(header, copy[..3]);
        Assert.True(copy.AsSpan(3).SequenceEqual(bytes.AsSpan(5)));
        await Assert.ThrowsAnyAsync<IOException>(async () =>
            await far.SendFileAsync(header, disk, bytes.Length - 5, 10, default));
    }
}
