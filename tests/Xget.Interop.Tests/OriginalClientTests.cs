using System.Globalization;
using Xget.Interop.Tests.Original;
using Xget.Lab;

namespace Xget.Interop.Tests;

/// <summary>Clients of 2009 against the master of today.</summary>
public sealed class OriginalClientTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [SkippableTheory]
    [InlineData("9P2000.u")]
    [InlineData("9P2000")]
    public async Task A_client_of_2009_copies_a_whole_tree_and_every_checksum_is_right(string offer)
    {
        string tree = Tree();
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], tree);
        await using OriginalClient client = await OriginalClient.ConnectAsync(master.Host, master.Port, offer);

        await client.CopyAsync("");

        Assert.Equal(SmallTree.Directories(tree), client.Directories.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(SmallTree.Files(tree), client.Files.Keys.Order(StringComparer.Ordinal));
        foreach ((string path, Download got) in client.Files)
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(tree, path)), got.Bytes);
            Assert.Equal("data", got.Stat.Name);
            Assert.Equal((ulong)got.Bytes.Length, got.Stat.Length);
        }
    }

    [SkippableFact]
    public async Task It_is_told_the_mode_and_the_debug_mask()
    {
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], Tree(), "-D", "32");
        await using OriginalClient client = await OriginalClient.ConnectAsync(master.Host, master.Port);

        await client.CopyAsync("img");
        await client.CopyAsync("deep");

        Assert.Equal("32", client.DebugMask);
        Assert.Equal(0x604u, Octal(client.Files["img"].Stat.Mode));
        Assert.Equal(0x751u, Octal(client.Directories["deep"].Mode));
    }

    [SkippableFact]
    public async Task The_second_one_is_sent_to_the_first_and_gets_the_same_bytes()
    {
        string tree = Tree();
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], tree);
        await using OriginalClient first = await OriginalClient.ConnectAsync(master.Host, master.Port);
        await using OriginalClient second = await OriginalClient.ConnectAsync(master.Host, master.Port);

        await first.CopyAsync("img");
        await second.CopyAsync("img");

        Assert.Equal("me", first.Files["img"].Redirect);
        Assert.Equal(At(first), second.Files["img"].Redirect);
        Assert.Equal(File.ReadAllBytes(Path.Combine(tree, "img")), second.Files["img"].Bytes);
        Assert.Equal(SmallTree.ImageSize, first.Worker.Sent);
    }

    [SkippableFact]
    public async Task A_worker_is_named_for_the_files_that_it_has_announced_and_for_no_other()
    {
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], Tree());
        await using OriginalClient first = await OriginalClient.ConnectAsync(master.Host, master.Port);
        await using OriginalClient second = await OriginalClient.ConnectAsync(master.Host, master.Port);

        await first.CopyAsync("img");
        await second.CopyAsync("deep/er/still/bottom");

        Assert.Equal("me", second.Files["deep/er/still/bottom"].Redirect);
    }

    [SkippableFact]
    public async Task Clunking_avail_takes_the_worker_away()
    {
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], Tree());
        await using OriginalClient first = await OriginalClient.ConnectAsync(master.Host, master.Port);
        await using OriginalClient second = await OriginalClient.ConnectAsync(master.Host, master.Port);

        await first.CopyAsync("img");
        await first.WithdrawAsync("img");
        await second.CopyAsync("img");

        Assert.Equal("me", second.Files["img"].Redirect);
    }

    [SkippableFact]
    public async Task Losing_its_connection_takes_the_worker_away()
    {
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], Tree());
        OriginalClient first = await OriginalClient.ConnectAsync(master.Host, master.Port);
        await using OriginalClient second = await OriginalClient.ConnectAsync(master.Host, master.Port);
        await first.CopyAsync("img");
        Assert.Equal(At(first), await second.Master.ReadSmallAsync("img", "redir"));

        await first.DisposeAsync();

        // The master learns of it when it next looks at that connection.
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (await second.Master.ReadSmallAsync("img", "redir") != "me")
        {
            Assert.True(Environment.TickCount64 < end, "the dead worker is still named");
        }
    }

    [SkippableFact]
    public async Task A_dozen_of_them_leave_the_master_with_little_to_send()
    {
        string tree = Tree();
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], tree);
        var clients = new List<OriginalClient>();
        try
        {
            for (int i = 0; i < 12; i++)
            {
                clients.Add(await OriginalClient.ConnectAsync(master.Host, master.Port));
            }

            foreach (OriginalClient client in clients)
            {
                await client.CopyAsync("img");
                Assert.Equal(File.ReadAllBytes(Path.Combine(tree, "img")), client.Files["img"].Bytes);
            }

            Assert.Equal("me", clients[0].Files["img"].Redirect);
            Assert.Single(clients, c => c.Files["img"].Redirect == "me");
            Assert.True(clients.Count(c => c.Worker.Sent > 0) > 1, "one worker has served all");
        }
        finally
        {
            foreach (OriginalClient client in clients)
            {
                await client.DisposeAsync();
            }
        }
    }

    [SkippableFact]
    public async Task Clients_of_2009_and_of_today_share_one_master()
    {
        string tree = Tree();
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], tree);
        await using OriginalClient before = await OriginalClient.ConnectAsync(master.Host, master.Port);
        await before.CopyAsync("img");
        string destination = _scratch.NewDirectory("destination");
        using Child today = Child.Start(
            _scratch["today"], null, XgetProgram.Path, "-n", master.Address, "--linger", "20", ".", destination);
        await today.LineAsync(l => CopySummary.Find(l) is not null, Patience);

        await using OriginalClient after = await OriginalClient.ConnectAsync(master.Host, master.Port);
        await after.CopyAsync("");

        TreeWitness.ExpectSame(tree, destination);
        foreach ((string path, Download got) in after.Files)
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(tree, path)), got.Bytes);
        }

        Assert.Equal(SmallTree.Files(tree), after.Files.Keys.Order(StringComparer.Ordinal));
    }

    private string Tree()
    {
        Prerequisite.Xget();
        Prerequisite.Root();
        return SmallTree.Make(_scratch);
    }

    private static string At(OriginalClient client) =>
        string.Create(CultureInfo.InvariantCulture, $"127.0.0.1!{client.Worker.Port}");

    // 0604 as 0x604, to be read in the test.
    private static uint Octal(uint mode) => (mode & 7) | ((mode >> 3 & 7) << 4) | ((mode >> 6 & 7) << 8);
}
