using Mono.Unix.Native;
using Xget.Content;
using Xget.NineP;

namespace Xget.Node.Tests.Exporting;

/// <summary>What readers get of a file that changes while it is served.</summary>
public sealed class ChangedFileTests : IAsyncLifetime, IDisposable
{
    private const int Size = 1_000_000;

    private readonly Files _files = new();
    private byte[] _image = null!;
    private TestCluster _cluster = null!;

    public async Task InitializeAsync()
    {
        _image = _files.Add("img", Files.Random(Size));
        _files.Add("hello", "hello\n"u8.ToArray());
        File.SetLastWriteTimeUtc(_files["hello"], DateTimeOffset.FromUnixTimeSeconds(1_700_000_000).UtcDateTime);
        _cluster = await TestCluster.ServeAsync(_files.Root);
    }

    public Task DisposeAsync() => _cluster.DisposeAsync().AsTask();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("plain", "img")]
    [InlineData("", "img/data")]
    public async Task A_reader_who_verifies_nothing_gets_a_copy_that_later_writes_do_not_reach(string aname, string path)
    {
        PublishedNode node = _cluster["img"];
        using ContentRange copy = node.ReadCopy(0, Size);
        Assert.Null(copy.File);
        await using TreeClient client = await _cluster.AttachAsync("user", aname);
        TreeClient.OpenPath open = await client.OpenAsync(OpenFlags.O_RDONLY, path.Split('/'));
        Assert.Equal(_image[..100], await BytesAsync(client, open, 0, 100));
        using (Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(_files["img"], FileMode.Open, FileAccess.Write))
            RandomAccess.Write(file, new byte[Size / 2], 0);
        Assert.Equal(_image, copy.Bytes.ToArray());
        Assert.Equal(Errno.ESTALE, await open.ReadErrorAsync());
        Assert.Equal(_image[^100..], await BytesAsync(client, open, Size - 100, 100));
    }

    [Fact]
    public async Task A_node_copies_a_file_to_which_a_line_is_appended_and_whose_mode_has_changed()
    {
        File.AppendAllText(_files["img"], "one more line");
        Assert.Equal(0, Syscall.chmod(_files["hello"], FilePermissions.S_IRUSR));
        await using RunningNode node = await _cluster.StartNodeAsync("node1");
        var transfer = node.Fetch(_cluster["img"]);
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(_image, await RunningNode.BytesAsync(transfer));
        Assert.Null(await Until.DoneAsync(node.Fetch(_cluster["hello"]).Finished));
        Assert.False(_cluster.Log.Has("has changed"));
    }

    [Fact]
    public async Task The_version_of_a_qid_is_made_of_the_digest_and_the_time_alone()
    {
        await using TreeClient plain = await _cluster.AttachAsync("user", "plain");
        uint fid = plain.Client.NewFid();
        await plain.Client.WalkAsync(0, fid, "hello");
        Qid qid = (await plain.Client.GetAttributesAsync(fid)).Value.Qid;
        Assert.Equal((0x98caac27u ^ 1_700_000_000) | 1, qid.Version);    // FORMATS.md has the digest of these bytes
    }

    private static async Task<byte[]> BytesAsync(TreeClient client, TreeClient.OpenPath open, ulong offset, int count)
    {
        var bytes = new byte[count];
        Reply<int> reply = await client.Client.ReadAsync(open.Fid, offset, bytes);
        Assert.Equal((Errno)0, reply.Error);
        return bytes[..reply.Value];
    }
}
