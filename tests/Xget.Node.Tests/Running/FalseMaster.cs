using System.Net;
using System.Text;
using Xget.Content;
using Xget.NineP;
using Xget.Node.Wire;
using Xget.Testing;

namespace Xget.Node.Tests;

/// <summary>A master that publishes the directory objects that a test makes up; it routes to nobody but itself.</summary>
internal sealed class FalseMaster : IAsyncDisposable
{
    private readonly MemoryTransport _host = new();
    private readonly TestTree _tree = new();
    private readonly TestDirectory _xget;
    private readonly TestDirectory _objects;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _serving;

    public FalseMaster()
    {
        _xget = _tree.Root.AddDirectory(Names.Xget);
        _objects = _xget.AddDirectory(Names.Objects);
        _serving = new NinePServer(_tree, new ServerOptions(), TimeProvider.System)
            .RunAsync(_host.Listen(EndPoint), _stopping.Token);
    }

    private IPEndPoint EndPoint => new(_host.Address, 20004);

    public static EntryAttributes Attributes(EntryType type, ushort mode = 0x1ED) => new()
    {
        Type = type, Mode = mode, Uid = Mono.Unix.Native.Syscall.geteuid(), Gid = Mono.Unix.Native.Syscall.getegid(),
        LinkCount = type == EntryType.Directory ? 2u : 1u,
    };

    public static DirectoryEntry Entry(string name, EntryAttributes attributes, DataReference data = default) =>
        new() { Name = FileName.Of(name), Attributes = attributes, Data = data };

    /// <summary>An entry that is an empty file.</summary>
    public static DirectoryEntry Empty(string name) => Entry(name, Attributes(EntryType.Regular, 0x1A4));

    /// <summary>An entry that is a directory.</summary>
    public static DirectoryEntry Below(string name, DataReference directory) => Entry(name, Attributes(EntryType.Directory), directory);

    /// <summary>Serves a directory object.</summary>
    public DataReference Add(EntryAttributes self, params IEnumerable<DirectoryEntry> entries) =>
        Add(DirectoryObject.Of(self, entries).Encode());

    public DataReference Add(params IEnumerable<DirectoryEntry> entries) => Add(Attributes(EntryType.Directory), entries);

    /// <summary>Serves any bytes as a content.</summary>
    public DataReference Add(byte[] bytes)
    {
        var builder = new ChunkTableBuilder((ulong)bytes.Length);
        for (int i = 0; i < builder.Count; i++)
            builder.Set(i, Digest.Of(bytes.AsSpan((int)builder.OffsetOf(i), builder.LengthOf(i))));
        return Add(builder.Build(), bytes);
    }

    /// <summary>Serves a content of zeros that takes no memory here.</summary>
    public DataReference AddZeros(ulong size)
    {
        var builder = new ChunkTableBuilder(size);
        Digest chunk = Digest.Of(new byte[builder.LengthOf(0)]);
        for (int i = 0; i < builder.Count; i++)
            builder.Set(i, chunk);
        return Add(builder.Build(), []);
    }

    private DataReference Add(ChunkTable table, byte[] data)
    {
        TestDirectory content = _objects.AddDirectory(table.Content.ToString());
        content.AddFile(Names.Chunks, table.Encoded.ToArray());
        content.AddFile(Names.Data, data);
        content.AddFile(Names.Redir, "0 1 me\n").Writable = true;
        content.AddFile(Names.Avail, "").Writable = true;
        return new DataReference(table.Content, 0, table.Size);
    }

    /// <summary>Publishes a tree.</summary>
    public void Publish(DataReference root) =>
        Publish(new GenerationText(1, root.Content, root.Length, DateTimeOffset.UnixEpoch, 1, 1).Format());

    /// <summary>Answers these words to who asks for the generation.</summary>
    public void Publish(string generation) => _xget.AddFile(Names.Generation, Encoding.ASCII.GetBytes(generation));

    /// <summary>A node that is connected.</summary>
    public async Task<ClusterNode> StartNodeAsync()
    {
        var node = new ClusterNode(new NodeOptions { Masters = [EndPoint], Name = "victim", Retries = 2 }, _host.NewHost(),
            TimeProvider.System, new Random(1), new RecordingLog().Logger);
        Assert.Null(await Until.DoneAsync(node.StartAsync(CancellationToken.None).AsTask()));
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _serving;
    }
}
