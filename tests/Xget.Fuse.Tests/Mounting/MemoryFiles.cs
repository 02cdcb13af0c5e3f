using System.Text;
using Mono.Unix.Native;

namespace Xget.Fuse.Tests.Mounting;

/// <summary>A tree in memory: all that a file system has to do for the kernel to show it.</summary>
internal class MemoryFiles : FuseFileSystem
{
    private readonly List<Node> _nodes = [new Node(0, 0x41ED, []), new Node(1, 0x41ED, [])]; // The root has number 1.

    internal sealed record Node(ulong Id, uint Mode, byte[] Data)
    {
        public byte[] Data { get; set; } = Data;

        public SortedList<string, Node> Names { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, byte[]> Xattrs { get; } = [];

        public FuseAttr Attr => new()
        {
            Ino = Id, Size = (ulong)Data.LongLength, Blocks = (ulong)(Data.LongLength + 511) / 512, Mode = Mode, Nlink = 1,
            Mtime = 1_000_000_000, MtimeNsec = 123_456_789, Uid = 12, Gid = 34,
        };
    }

    public FuseConnection? Connection { get; private set; }

    public Node Root => Find(RootId);

    public Node Add(Node parent, string name, uint mode, byte[] data)
    {
        Node node = new((ulong)_nodes.Count, mode, data);
        _nodes.Add(node);
        parent.Names.Add(name, node);
        return node;
    }

    public Node Find(ulong nodeid) => _nodes[(int)nodeid];

    public override void Init(FuseConnection connection) => Connection = connection;

    public override ValueTask<FuseResult<EntryOut>> LookupAsync(FuseRequest request, ulong parent,
        ReadOnlyMemory<byte> name) => Find(parent).Names.TryGetValue(Encoding.UTF8.GetString(name.Span), out Node? node)
            ? EntryOf(node).AsAnswer()
            : EntryOut.Negative(EntryOut.Forever).AsAnswer();

    public override ValueTask<FuseResult<AttrOut>> GetAttrAsync(FuseRequest request, ulong nodeid, ulong? fh) =>
        new AttrOut(Find(nodeid).Attr, EntryOut.Forever).AsAnswer();

    public override ValueTask<FuseResult<ReadOnlyMemory<byte>>> ReadLinkAsync(FuseRequest request, ulong nodeid) =>
        new ReadOnlyMemory<byte>(Find(nodeid).Data).AsAnswer();

    public override ValueTask<FuseResult<FuseData>> ReadAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset,
        int size)
    {
        byte[] data = Find(nodeid).Data;
        int start = (int)Math.Min(offset, (ulong)data.Length);
        return FuseData.Bytes(data.AsMemory(start, Math.Min(size, data.Length - start))).AsAnswer();
    }

    public override ValueTask<Errno> ReadDirAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset,
        DirectoryWriter entries) =>
        List(nodeid, offset, (name, node, next) => entries.TryAdd(name, node.Id, node.Mode, next));

    public override ValueTask<Errno> ReadDirPlusAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset,
        DirectoryWriter entries) =>
        List(nodeid, offset, (name, node, next) => entries.TryAddPlus(name, EntryOf(node), next));

    public override ValueTask<FuseResult<ReadOnlyMemory<byte>>> GetXattrAsync(FuseRequest request, ulong nodeid,
        ReadOnlyMemory<byte> name) =>
        Find(nodeid).Xattrs.TryGetValue(Encoding.UTF8.GetString(name.Span), out byte[]? value)
            ? new ReadOnlyMemory<byte>(value).AsAnswer()
            : FuseAnswer.Failed<ReadOnlyMemory<byte>>(Errno.ENODATA);

    public override ValueTask<FuseResult<ReadOnlyMemory<byte>>> ListXattrAsync(FuseRequest request, ulong nodeid) =>
        new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(string.Concat(Find(nodeid).Xattrs.Keys.Select(key => key + "\0"))))
            .AsAnswer();

    private static EntryOut EntryOf(Node node) =>
        new() { NodeId = node.Id, EntryValid = EntryOut.Forever, AttrValid = EntryOut.Forever, Attr = node.Attr };

    private ValueTask<Errno> List(ulong nodeid, ulong offset, Func<byte[], Node, ulong, bool> add)
    {
        SortedList<string, Node> names = Find(nodeid).Names;
        for (int i = (int)offset; i < names.Count && add(Encoding.UTF8.GetBytes(names.GetKeyAtIndex(i)), names.GetValueAtIndex(i), (ulong)i + 1); i++)
        {
        }

        return ValueTask.FromResult<Errno>(0);
    }
}
