using Mono.Unix.Native;
using Xget.Content;
using Xget.NineP;
using Xget.Node.Wire;

namespace Xget.Node.Tree;

/// <summary><c>/.xget/objects</c>: the contents by digest.</summary>
internal sealed class ContentsDirectory(ServedFile parent, ulong id, Func<Digest, ServedContent?> find,
    Func<IEnumerable<ServedContent>> all, string[]? moreNames = null,
    Func<ContentDirectory, string, ServedFile?>? more = null) : TreeFile(parent, Names.Objects, id, DirectoryMode)
{
    public override Errno Walk(ReadOnlySpan<byte> name, out ServedFile? child)
    {
        child = null;
        if (!Digest.TryParse(name, out Digest digest) || find(digest) is not { } content)
            return Errno.ENOENT;
        child = Directory(content);
        return 0;
    }

    public override Errno List(out IReadOnlyList<ServedFile?> children)
    {
        children = all().Select(Directory).ToArray();
        return 0;
    }

    private ContentDirectory Directory(ServedContent content) => new(this, content, moreNames, more);
}
