using Mono.Unix.Native;
using Xget.Content;
using Xget.NineP;
using Xget.Node.Wire;

namespace Xget.Node.Tests.Exporting;

/// <summary><c>generation</c>, <c>checksum</c>, <c>chunks</c>, <c>data</c> of the master: PROTOCOL.md section 3.</summary>
public sealed class ContentFilesTests : IAsyncLifetime, IDisposable
{
    private readonly Files _files = new();
    private TestCluster _cluster = null!;
    private TreeClient _client = null!;
    private byte[] _img = [];

    public async Task InitializeAsync()
    {
        _img = _files.Add("img", Files.Random(300_000));
        _files.Add("dir/a", Files.Random(1000, 2));
        _files.Add("dir/b", Files.Random(70_000, 3));
        _cluster = await TestCluster.ServeAsync(_files.Root);
        _client = await _cluster.AttachAsync("reader");
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task The_generation_leads_to_a_root_directory_object_that_has_its_digest()
    {
        Assert.True(GenerationText.TryParse(await _client.ReadAsync(Names.Xget, Names.Generation), out GenerationText? generation));
        Assert.Equal(1UL, generation!.Number);
        byte[] bytes = await VerifiedAsync(generation.Root);
        Assert.Equal(generation.RootSize, (ulong)bytes.Length);
        Assert.True(DirectoryObject.TryDecode(bytes, out DirectoryObject? root, out _));
        Assert.Equal(["dir", "img"], root!.Entries.Select(e => e.Name.ToString()));
    }

    [Fact]
    public async Task Below_the_root_object_everything_can_be_verified()
    {
        Assert.True(DirectoryObject.TryDecode(await VerifiedAsync(_cluster.Generation.Root), out DirectoryObject? root, out _));
        Assert.Equal(_img, await OfAsync(root!.Find("img"u8)!));
        Assert.True(DirectoryObject.TryDecode(await OfAsync(root.Find("dir"u8)!), out DirectoryObject? dir, out _));
        foreach (string name in new[] { "a", "b" })
            Assert.Equal(File.ReadAllBytes(_files["dir/" + name]), await OfAsync(dir!.Find(System.Text.Encoding.ASCII.GetBytes(name))!));
    }

    private async Task<byte[]> OfAsync(DirectoryEntry entry) =>
        (await VerifiedAsync(entry.Data.Content)).AsSpan((int)entry.Data.Offset, (int)entry.Data.Length).ToArray();

    /// <summary>The bytes of a content, each chunk checked against the chunk table, and that against the digest.</summary>
    private async Task<byte[]> VerifiedAsync(Digest digest)
    {
        string directory = digest.ToString();
        byte[] table = await _client.ReadBytesAsync(Names.Xget, Names.Objects, directory, Names.Chunks);
        Assert.Equal(directory, Digest.Of(table).ToString());
        Assert.True(ChunkTable.TryDecode(table, digest, out ChunkTable? chunks, out _));
        byte[] bytes = await _client.ReadBytesAsync(Names.Xget, Names.Objects, directory, Names.Data);
        Assert.Equal(chunks!.Size, (ulong)bytes.Length);
        for (int i = 0; i < chunks.Count; i++)
        {
            byte[] chunk = bytes.AsSpan((int)chunks.OffsetOf(i), chunks.LengthOf(i)).ToArray();
            Assert.Equal(Digest.Of(chunk).ToString(), chunks[i].ToString());
        }
        return bytes;
    }

    [Fact]
    public async Task The_checksum_is_digest_size_and_chunk_size() =>
        Assert.Equal($"{_cluster["img"].Data.Content} 300000 32768\n",
            await _client.ReadAsync(TreeClient.Of(_cluster["img"], Names.Checksum)));

    [Fact]
    public async Task Data_past_the_end_is_empty_and_its_size_shows_in_a_stat()
    {
        uint fid = _client.Client.NewFid();
        await _client.Client.WalkAsync(0, fid, TreeClient.Of(_cluster["img"], Names.Data));
        Assert.Equal(300_000UL, (await _client.Client.GetAttributesAsync(fid)).Value.Attributes.Size);
        await _client.Client.OpenAsync(fid, OpenFlags.O_RDONLY);
        byte[] bytes = new byte[10];
        Assert.Equal(5, (await _client.Client.ReadAsync(fid, 299_995, bytes)).Value);
        Assert.Equal(_img[^5..], bytes[..5]);
        Assert.Equal(0, (await _client.Client.ReadAsync(fid, 300_000, bytes)).Value);
        Assert.Equal(0, (await _client.Client.ReadAsync(fid, ulong.MaxValue, bytes)).Value);
    }

    [Fact]
    public async Task What_the_master_gives_out_is_counted()
    {
        await _client.ReadBytesAsync(TreeClient.Of(_cluster["img"], Names.Data));
        Assert.Equal(300_000, await _cluster.StatAsync("bytes-served"));
    }

    [Fact]
    public async Task Objects_lists_the_contents_by_digest()
    {
        Assert.Equal(_cluster.Generation.Contents.Select(d => d.ToString()).Order(), await _client.ListAsync(Names.Xget, Names.Objects));
        Assert.Equal(["avail", "checksum", "chunks", "data", "redir"],
            await _client.ListAsync(Names.Xget, Names.Objects, _cluster["img"].Data.Content.ToString()));
    }

    [Theory]
    [InlineData("00000000000000000000000000000000000000000000000000000000000000ff")]
    [InlineData("00")]
    [InlineData("x")]
    public async Task An_unknown_digest_is_no_such_file(string name)
    {
        Assert.Equal(Errno.ENOENT, (await _client.TryOpenAsync(OpenFlags.O_RDONLY, Names.Xget, Names.Objects, name)).Error);
        Assert.Equal(Errno.ENOENT, (await _client.TryReadAsync(Names.Xget, Names.Objects, name, Names.Data)).Error);
    }

    [Fact]
    public async Task A_digest_in_upper_case_is_no_name()
    {
        string upper = _cluster.Generation.Root.ToString().ToUpperInvariant();
        Assert.Equal(Errno.ENOENT, (await _client.TryReadAsync(Names.Xget, Names.Objects, upper, Names.Data)).Error);
    }

    [Theory]
    [InlineData(Names.Checksum)]
    [InlineData(Names.Chunks)]
    [InlineData(Names.Data)]
    public async Task What_is_read_only_cannot_be_opened_for_writing(string name) =>
        Assert.Equal(Errno.EACCES, (await _client.TryOpenAsync(OpenFlags.O_RDWR, TreeClient.Of(_cluster["img"], name))).Error);

    [Fact]
    public async Task A_file_that_changed_is_stale_and_never_served_as_the_old_one()
    {
        TreeClient.OpenPath open = await _client.OpenAsync(OpenFlags.O_RDONLY, TreeClient.Of(_cluster["img"], Names.Data));
        await open.ReadAsync(count: 100);
        File.WriteAllBytes(_files["img"], Files.Random(300_000, 9));
        Assert.Equal(Errno.ESTALE, await open.ReadErrorAsync());
        Assert.Equal(Errno.ESTALE, (await _client.TryReadAsync(TreeClient.Of(_cluster["img"], Names.Data))).Error);
        Assert.Equal(Errno.ESTALE, (await _client.TryReadAsync("img", Names.Data)).Error);
        Assert.Equal(File.ReadAllBytes(_files["dir/b"]), await _client.ReadBytesAsync("dir", "b", Names.Data));
    }

    [Fact]
    public async Task A_file_that_is_gone_is_stale()
    {
        File.Delete(_files["img"]);
        Assert.NotEqual((Errno)0, (await _client.TryReadAsync(TreeClient.Of(_cluster["img"], Names.Data))).Error);
    }

    [Fact]
    public async Task An_unknown_attach_name_is_refused()
    {
        IConnection connection = await _cluster.MasterHost.NewHost().ConnectAsync(_cluster.MasterEndPoint, default);
        Reply<NinePClient> client = await NinePClient.ConnectAsync(connection, new ClientOptions(), TimeProvider.System, default);
        await using NinePClient nine = client.Value;
        Assert.Equal(Errno.ENOENT, (await nine.AttachAsync(0, "reader", "secret")).Error);
        Assert.Equal((Errno)0, (await nine.AttachAsync(0, "reader", "/")).Error);
    }
}
