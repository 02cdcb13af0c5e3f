using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Mono.Unix.Native;
using Xget.Content;
using Xget.NineP;
using Xget.Node.Wire;

namespace Xget.Node.Tree;

/// <summary><c>/.xget/objects/DIGEST</c>: what the bytes must be, and the bytes; the master adds where to read them.</summary>
internal sealed class ContentDirectory : TreeFile
{
    private readonly ServedContent _content;
    private readonly Func<ContentDirectory, string, ServedFile?>? _more;
    private readonly string[] _names;

    /// <summary>A content's directory; <paramref name="more"/> makes the files that a role adds, by name.</summary>
    internal ContentDirectory(ServedFile parent, ServedContent content, string[]? moreNames = null,
        Func<ContentDirectory, string, ServedFile?>? more = null)
        : base(parent, content.Digest.ToString(), MixId(content.Digest, 0), DirectoryMode)
    {
        _content = content;
        _more = more;
        _names = [Names.Checksum, Names.Chunks, Names.Data, .. moreNames ?? []];
    }

    internal Digest Digest => _content.Digest;

    public override Errno Walk(ReadOnlySpan<byte> name, out ServedFile? child)
    {
        child = Child(Encoding.UTF8.GetString(name));
        return child is null ? Errno.ENOENT : 0;
    }

    public override Errno List(out IReadOnlyList<ServedFile?> children)
    {
        children = _names.Select(n => Child(n)!).ToArray();
        return 0;
    }

    private ServedFile? Child(string name) => name switch
    {
        Names.Checksum => new ContentFile(this, name, _content, MixId(_content.Digest, 1), WholeChecksum),
        Names.Chunks => new ContentFile(this, name, _content, MixId(_content.Digest, 2), WholeTable),
        Names.Data => new ContentFile(this, name, _content, MixId(_content.Digest, 3), whole: null),
        _ => _more?.Invoke(this, name),
    };

    private static ReadOnlyMemory<byte> WholeTable(ChunkTable table) => table.Encoded;

    private static ReadOnlyMemory<byte> WholeChecksum(ChunkTable table) => Encoding.ASCII.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{table.Content} {table.Size} {table.ChunkSize}\n"));
}

/// <summary>
/// <c>checksum</c> and <c>chunks</c> (<paramref name="whole"/> makes their bytes from the chunk table), or <c>data</c>
/// (<paramref name="whole"/> is null). A read waits until the node has what is asked for.
/// </summary>
internal sealed class ContentFile(ServedFile parent, string name, ServedContent content, ulong id,
    Func<ChunkTable, ReadOnlyMemory<byte>>? whole) : TreeFile(parent, name, id, ReadMode)
{
    protected override ulong Size => whole is null ? content.Size : 0;

    public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
    {
        file = null;
        if (!flags.IsReadOnly())
            return Errno.EACCES;
        file = whole is null ? new DataReader(content.OpenedBy(peer), waits: (flags & OpenFlags.O_NONBLOCK) == 0) : new WholeReader(content, whole);
        return 0;
    }

    private sealed class WholeReader(ServedContent content, Func<ChunkTable, ReadOnlyMemory<byte>> whole) : OpenFile
    {
        public override async ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
        {
            ChunkTable? table = await content.TableAsync(ct);
            return table is null ? ReadResult.Failed(Errno.EIO)
                : ReadResult.Bytes(BytesReader.Slice(whole(table), offset, count));
        }
    }
}

/// <summary>An open <c>data</c> file. Opened with O_NONBLOCK, a read of what is not here yet gives EAGAIN.</summary>
internal sealed class DataReader(ServedContent content, bool waits) : OpenFile
{
    public override ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
    {
        if (!waits)
            return new(content.TryServe(offset, count, out ContentRange here) ? Result(here) : ReadResult.Failed(Errno.EAGAIN));
        ValueTask<ContentRange> read = content.ReadAsync(offset, count, ct);
        return read.IsCompletedSuccessfully ? new(Result(read.Result)) : WaitAsync(read);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<ReadResult> WaitAsync(ValueTask<ContentRange> read) => Result(await read);

    internal static ReadResult Result(in ContentRange range) =>
        range.Error != 0 ? ReadResult.Failed(range.Error)
        : range.File is null ? ReadResult.Bytes(range.Bytes, range.Lease)
        : ReadResult.File(range.File, range.FileOffset, range.Count, range.Lease);
}
