using Mono.Unix.Native;
using Xget.Fuse;
using Xget.Mount.Tests.Running;
using Xget.Node.Tests;

namespace Xget.Mount.Tests.Mounted;

/// <summary>The bytes of files: of whole contents, of packs, across chunks, waited for.</summary>
public sealed class ReadTests : IDisposable
{
    private const int Chunk = 64 << 10;
    private readonly Files _source = new();
    private readonly Dictionary<string, byte[]> _bytes = [];

    public ReadTests()
    {
        Add("large", 3_000_017);
        Add("one-chunk", 2 * Chunk + 1);
        for (int i = 0; i < 60; i++)
            Add($"small/{i}", 1 + i * i * 35);
        byte[] sparse = _bytes["sparse"] = new byte[20 * Chunk + 5];
        Files.Random(1000).CopyTo(sparse, 7 * Chunk - 500);
        _source.Add("sparse", sparse);
        _source.Add("empty", _bytes["empty"] = []);
    }

    public void Dispose() => _source.Dispose();

    private void Add(string path, int size) => _bytes[path] = _source.Add(path, Files.Random(size, path.GetHashCode(StringComparison.Ordinal)));

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task Reads_anywhere_of_any_size_give_the_sources_bytes(int seed, bool readsAhead)
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source, readsAhead: readsAhead, passthrough: false);
        var random = new Random(seed);
        string[] paths = [.. _bytes.Keys.Order(StringComparer.Ordinal)];
        var open = new Dictionary<string, Kernel.Opened>();
        for (int i = 0; i < 1500; i++)
        {
            string path = random.Next(2) == 0 ? "large" : paths[random.Next(paths.Length)];
            if (!open.TryGetValue(path, out Kernel.Opened? file))
                open[path] = file = await tree.Kernel.OpenAsync((await tree.Kernel.WalkAsync(path)).NodeId);
            byte[] all = _bytes[path];
            int offset = random.Next(all.Length + 2);
            int size = random.Next(3) == 0 ? random.Next(1, 5) : random.Next(1, 300_000);
            byte[] expected = [.. all.AsSpan(Math.Min(offset, all.Length)).ToArray().Take(size)];
            Assert.Equal(expected, await tree.Kernel.ReadAsync(file, (ulong)offset, size));
        }
    }

    [Fact]
    public async Task Every_byte_of_every_file_is_the_sources()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source, readsAhead: true);
        foreach ((string path, byte[] bytes) in _bytes)
            Assert.Equal(bytes, await tree.Kernel.ReadAllAsync(path));
    }

    [Fact]
    public async Task A_cache_without_room_costs_speed_and_no_byte()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source, cacheSize: 0, readThrough: 4 * Chunk);
        for (int round = 0; round < 2; round++)
            Assert.Equal(_bytes["large"], await tree.Kernel.ReadAllAsync("large"));
    }

    [Fact]
    public async Task A_read_of_more_than_fits_into_memory_at_once_is_put_together_from_pieces()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source, cacheSize: 0);
        Kernel.Opened file = await tree.Kernel.OpenAsync((await tree.Kernel.WalkAsync("large")).NodeId);
        Assert.Equal(_bytes["large"].AsSpan(12345, 1 << 20).ToArray(), await tree.Kernel.ReadAsync(file, 12345, 1 << 20));
    }

    [Fact]
    public async Task Contents_that_nobody_uses_are_let_go_of_when_room_is_short_and_come_again()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source, passthrough: false, cacheSize: 1 << 20);
        Kernel.Opened inUse = await tree.Kernel.OpenAsync((await tree.Kernel.WalkAsync("one-chunk")).NodeId);
        await tree.Kernel.ReadAsync(inUse, 0, 10);
        await tree.Kernel.ReadAllAsync("large");
        tree.MakeRoom();
        await Until.TrueAsync(tree.Time, () => tree.Node.Node.Transfers.All(t => t.Name == "one-chunk"));
        Assert.Equal(_bytes["one-chunk"], await tree.Kernel.ReadAsync(inUse, 0, 1 << 20));
        Assert.Equal(_bytes["large"], await tree.Kernel.ReadAllAsync("large"));
    }

    [Fact]
    public async Task An_empty_file_needs_no_network()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source);
        ulong empty = (await tree.Kernel.WalkAsync("empty")).NodeId;
        await tree.Cluster.StopMasterAsync();
        Kernel.Opened file = await tree.Kernel.OpenAsync(empty);
        Assert.Empty(await tree.Kernel.ReadAsync(file, 0, 4096));
        await tree.Kernel.CloseAsync(file);
    }

    [Fact]
    public async Task What_was_read_once_needs_no_network()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source);
        await tree.Kernel.ReadAllAsync("large");
        await tree.Cluster.StopMasterAsync();
        Assert.Equal(_bytes["large"], await tree.Kernel.ReadAllAsync("large"));
    }

    [Fact]
    public async Task A_handle_that_is_not_open_cannot_be_read()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source);
        Kernel.Opened file = await tree.Kernel.OpenAsync((await tree.Kernel.WalkAsync("large")).NodeId);
        await tree.Kernel.CloseAsync(file);
        Assert.Equal(Errno.EBADF, (await tree.Kernel.TryReadAsync(file, 0, 1)).Error);
        Assert.Equal(0, tree.Files.OpenFiles);
    }

    [Fact]
    public async Task A_file_that_is_whole_is_opened_for_the_kernel_to_read_itself()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source);
        await tree.Kernel.ReadAllAsync("large");
        ulong node = (await tree.Kernel.WalkAsync("large")).NodeId;
        Kernel.Opened first = await tree.Kernel.OpenAsync(node);
        Kernel.Opened second = await tree.Kernel.OpenAsync(node);
        Assert.True(first.BackingId > 0);
        Assert.Equal(first.BackingId, second.BackingId);
        Assert.Equal(_bytes["large"], tree.Kernel.Backing[first.BackingId]);
        await tree.Kernel.CloseAsync(first);
        Assert.Single(tree.Kernel.Backing);
        await tree.Kernel.CloseAsync(second);
        Assert.Empty(tree.Kernel.Backing);
    }

    [Fact]
    public async Task A_file_that_became_whole_while_it_was_open_stays_in_the_cached_mode_until_all_are_closed()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source);
        ulong node = (await tree.Kernel.WalkAsync("large")).NodeId;
        Kernel.Opened early = await tree.Kernel.OpenAsync(node);
        Assert.Equal(0, early.BackingId);
        await tree.Kernel.ReadAllAsync("large");
        Kernel.Opened late = await tree.Kernel.OpenAsync(node);
        Assert.Equal((0, FuseOpenFlags.KeepCache), (late.BackingId, late.Flags));
        await tree.Kernel.CloseAsync(early);
        await tree.Kernel.CloseAsync(late);
        Assert.True((await tree.Kernel.OpenAsync(node)).BackingId > 0);
    }

    [Fact]
    public async Task A_file_within_a_pack_is_never_read_by_the_kernel_itself()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source);
        foreach (int i in new[] { 0, 30, 59 })
        {
            Assert.Equal(_bytes[$"small/{i}"], await tree.Kernel.ReadAllAsync($"small/{i}"));
            Assert.Equal(_bytes[$"small/{i}"], await tree.Kernel.ReadAllAsync($"small/{i}"));
        }
        Assert.Empty(tree.Kernel.Backing);
    }

    [Fact]
    public async Task Where_passthrough_is_not_possible_files_are_read_through_the_process()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source);
        tree.Kernel.RefusesBacking = true;
        for (int i = 0; i < 3; i++)
            Assert.Equal(_bytes["large"], await tree.Kernel.ReadAllAsync("large"));
        Assert.Single(tree.Log.Records, r => r.Contains("passthrough is not possible", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Whatever_is_opened_read_and_closed_at_once_no_open_is_refused_and_no_byte_wrong(int seed)
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source);
        ulong[] nodes = [(await tree.Kernel.WalkAsync("large")).NodeId, (await tree.Kernel.WalkAsync("one-chunk")).NodeId];
        byte[][] bytes = [_bytes["large"], _bytes["one-chunk"]];
        await Task.WhenAll(Enumerable.Range(0, 6).Select(worker => Task.Run(async () =>
        {
            var random = new Random(seed * 100 + worker);
            for (int i = 0; i < 100; i++)
            {
                int which = random.Next(2);
                Kernel.Opened file = await tree.Kernel.OpenAsync(nodes[which]);
                int offset = random.Next(bytes[which].Length);
                int size = Math.Min(bytes[which].Length - offset, random.Next(1, 400_000));
                byte[] expected = bytes[which].AsSpan(offset, size).ToArray();
                Assert.Equal(expected, file.BackingId > 0 ? tree.Kernel.Backing[file.BackingId].AsSpan(offset, size).ToArray()
                    : await tree.Kernel.ReadAsync(file, (ulong)offset, size));
                await tree.Kernel.CloseAsync(file);
            }
        })));
        Assert.Empty(tree.Kernel.Backing);
        Assert.Equal(0, tree.Files.OpenFiles);
    }

    [Fact]
    public async Task A_read_that_waits_for_the_network_ends_when_its_caller_is_to_die()
    {
        await using MountedTree tree = await HeldAsync("large");
        (ulong unique, Task<byte[]> reply) = await BeginHeldReadAsync(tree);
        tree.Kernel.Interrupt(unique);
        Assert.Equal(Errno.EINTR, Kernel.ErrorOf(await Until.DoneAsync(reply)));
    }

    [Fact]
    public async Task A_read_goes_on_waiting_when_its_caller_got_a_signal_that_it_outlives()
    {
        await using MountedTree tree = await HeldAsync("large");
        tree.Kernel.CallerPid = (uint)Environment.ProcessId;
        (ulong unique, Task<byte[]> reply) = await BeginHeldReadAsync(tree);
        tree.Kernel.Interrupt(unique);
        tree.Time.Advance(MountedTree.Patience / 2);
        tree.LetGo();
        Assert.Equal((Errno)0, Kernel.ErrorOf(await Until.DoneAsync(reply)));
    }

    [Theory]
    [InlineData("SigPnd:\t0000000000000100\nSigBlk:\tffffffffffffffff\n", true)] // KILL cannot be blocked
    [InlineData("ShdPnd:\t0000000000004000\nSigCgt:\t0000000000000000\n", true)] // TERM, nobody catches it
    [InlineData("ShdPnd:\t0000000000004000\nSigCgt:\t0000000000004000\n", false)]
    [InlineData("ShdPnd:\t0000000000002000\nSigIgn:\t0000000000002000\n", false)] // ALRM
    [InlineData("SigPnd:\t0000000000010000\n", false)] // CHLD
    [InlineData("Name:\tcat\n", false)]
    public void A_caller_is_to_die_when_a_signal_is_pending_that_nothing_holds_back(string status, bool dying) =>
        Assert.Equal(dying, KillWatch.Signals.Parse(status).AreFatal);

    [Fact]
    public async Task A_read_that_waits_too_long_fails_and_says_so_in_the_log()
    {
        await using MountedTree tree = await HeldAsync("large");
        (_, Task<byte[]> reply) = await BeginHeldReadAsync(tree);
        tree.Time.Advance(MountedTree.Patience - TimeSpan.FromTicks(1));
        Assert.False(reply.IsCompleted);
        tree.Time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(Errno.EIO, Kernel.ErrorOf(await Until.DoneAsync(reply)));
        Assert.True(tree.Log.Has("Warning", "large", "ETIMEDOUT after 60 s"));
    }

    [Fact]
    public async Task A_read_that_waited_gets_its_bytes_when_the_network_is_back_and_later_reads_too()
    {
        await using MountedTree tree = await HeldAsync("large");
        (ulong unique, Task<byte[]> interrupted) = await BeginHeldReadAsync(tree);
        (_, Task<byte[]> waiting) = await BeginHeldReadAsync(tree);
        tree.Kernel.Interrupt(unique);
        await Until.DoneAsync(interrupted);
        tree.LetGo();
        byte[] reply = await Until.DoneAsync(waiting);
        Assert.Equal(_bytes["large"].AsSpan(Chunk - 10, 100).ToArray(), reply[16..]);
        Assert.Equal(_bytes["large"], await tree.Kernel.ReadAllAsync("large"));
    }

    [Fact]
    public async Task A_look_up_that_waits_ends_when_its_caller_is_to_die_or_when_it_takes_too_long_and_works_later()
    {
        await using MountedTree tree = await HeldAsync("small");
        ulong small = (await tree.Kernel.WalkAsync("small")).NodeId;
        (ulong unique, Task<byte[]> first) = tree.Kernel.Begin(FuseOpcode.Lookup, small, "7\0"u8.ToArray());
        (_, Task<byte[]> second) = tree.Kernel.Begin(FuseOpcode.Lookup, small, "7\0"u8.ToArray());
        tree.Kernel.Interrupt(unique);
        Assert.Equal(Errno.EINTR, Kernel.ErrorOf(await Until.DoneAsync(first)));
        Assert.False(second.IsCompleted);
        tree.Time.Advance(MountedTree.Patience);
        Assert.Equal(Errno.EIO, Kernel.ErrorOf(await Until.DoneAsync(second)));
        tree.LetGo();
        Assert.NotEqual(0UL, (await tree.Kernel.WalkAsync("small/7")).NodeId);
    }

    [Fact]
    public async Task A_file_that_changed_under_the_master_is_stale_and_not_mixed_up()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source);
        Kernel.Opened file = await tree.Kernel.OpenAsync((await tree.Kernel.WalkAsync("large")).NodeId);
        byte[] first = await tree.Kernel.ReadAsync(file, 0, 4096);
        Assert.Equal(_bytes["large"].AsSpan(0, 4096).ToArray(), first);
        _source.Add("large", Files.Random(3_000_017, 99));
        Assert.Equal(Errno.ESTALE, (await tree.Kernel.TryReadAsync(file, 2_500_000, 4096)).Error);
        Assert.Equal(Errno.ESTALE, (await tree.Kernel.TryReadAsync(file, 2_900_000, 4096)).Error);
        // What was verified before is still what it was.
        Assert.Equal(first, await tree.Kernel.ReadAsync(file, 0, 4096));
    }

    [Fact]
    public async Task A_content_that_the_master_does_not_have_any_more_is_stale()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source);
        ulong node = (await tree.Kernel.WalkAsync("large")).NodeId;
        for (int i = 0; i < 5; i++)
        {
            _source.Add("large", Files.Random(3_000_017, 100 + i));
            await tree.PublishAsync();
        }
        for (int i = 0; i < 2; i++)
        {
            Kernel.Opened file = await tree.Kernel.OpenAsync(node);
            Assert.Equal(Errno.ESTALE, (await tree.Kernel.TryReadAsync(file, 0, 4096)).Error);
            await tree.Kernel.CloseAsync(file);
        }
    }

    /// <summary>A mount whose network stands still, after this name was looked up.</summary>
    private async Task<MountedTree> HeldAsync(string lookedUp)
    {
        MountedTree tree = await MountedTree.StartAsync(_source, passthrough: false);
        await tree.Kernel.WalkAsync(lookedUp);
        tree.Hold();
        return tree;
    }

    private static async Task<(ulong, Task<byte[]>)> BeginHeldReadAsync(MountedTree tree)
    {
        Kernel.Opened file = await tree.Kernel.OpenAsync((await tree.Kernel.WalkAsync("large")).NodeId);
        (ulong unique, Task<byte[]> reply) = tree.Kernel.BeginRead(file, Chunk - 10, 100);
        Assert.False(reply.IsCompleted);
        return (unique, reply);
    }
}
