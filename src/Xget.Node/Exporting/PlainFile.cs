using Mono.Unix.Native;
using Xget.Content;
using Xget.NineP;
using Xget.Node.Tree;

namespace Xget.Node.Exporting;

/// <summary>The exported tree as ordinary read-only files, for machines without xget (attach name <c>plain</c>).</summary>
internal sealed class PlainFile(PlainFile? parent, PublishedNode node, MasterCounters counters) : ServedFile
{
    public override Qid Qid => new(PublishedAttributes.QidTypeOf(node.Attributes.Type), PublishedAttributes.Version(node), node.Id);

    public override ReadOnlyMemory<byte> Name => parent is null ? "/"u8.ToArray() : node.Name.Bytes.ToArray();

    public override ServedFile Parent => parent ?? this;

    public override Errno GetAttributes(out Attributes attributes)
    {
        attributes = PublishedAttributes.Of(node.Attributes);
        return 0;
    }

    public override Errno Walk(ReadOnlySpan<byte> name, out ServedFile? child)
    {
        child = null;
        if (node.Attributes.Type != EntryType.Directory)
            return Errno.ENOTDIR;
        if (node.Find(name) is not { } found)
            return Errno.ENOENT;
        child = new PlainFile(this, found, counters);
        return 0;
    }

    public override Errno List(out IReadOnlyList<ServedFile?> children)
    {
        children = new ChildList(node.Children.Count, i => new PlainFile(this, node.Children[i], counters));
        return node.Attributes.Type == EntryType.Directory ? 0 : Errno.ENOTDIR;
    }

    public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
    {
        file = null;
        if (!flags.IsReadOnly())
            return Errno.EROFS;
        if (node.Attributes.Type != EntryType.Regular)
            return Errno.EINVAL;
        file = new PublishedReader(node, counters);
        return 0;
    }

    public override Errno ReadLink(out ReadOnlyMemory<byte> target)
    {
        target = node.Attributes.SymlinkTarget;
        return node.Attributes.Type == EntryType.Symlink ? 0 : Errno.EINVAL;
    }

    public override Errno GetXattr(ReadOnlySpan<byte> name, out ReadOnlyMemory<byte> value)
    {
        value = default;
        foreach (Xattr x in node.Attributes.Xattrs)
        {
            if (name.SequenceEqual(x.Name))
            {
                value = x.Value;
                return 0;
            }
        }
        return Errno.ENODATA;
    }

    public override Errno ListXattrs(out ReadOnlyMemory<byte> names)
    {
        var list = new MemoryStream();
        foreach (Xattr x in node.Attributes.Xattrs)
        {
            list.Write(x.Name);
            list.WriteByte(0);
        }
        names = list.ToArray();
        return 0;
    }
}

/// <summary>
/// An open published file, read by its path, for clients that verify nothing: never bytes that were not published, ESTALE
/// where they have changed.
/// </summary>
/// <remarks>
/// Pages that sendfile has queued are read when they leave, and again when they are lost, so only a copy is safe from what is
/// written to the file meanwhile.
/// </remarks>
internal sealed class PublishedReader(PublishedNode node, MasterCounters counters) : OpenFile
{
    public override ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
    {
        ContentRange range = node.ReadCopy(offset, count);
        counters.Served(range);
        return new(DataReader.Result(range));
    }
}
