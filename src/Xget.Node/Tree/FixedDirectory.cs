using System.Text;
using Mono.Unix.Native;
using Xget.NineP;

namespace Xget.Node.Tree;

/// <summary>A directory whose entries are known when it is built.</summary>
internal sealed class FixedDirectory : TreeFile
{
    private readonly ServedFile[] _children;
    private readonly long? _started;

    /// <summary>The root of a tree that is served since then.</summary>
    internal FixedDirectory(ulong id, DateTimeOffset started, Func<FixedDirectory, ServedFile[]> children)
        : this(null, "/", id, children) => _started = started.ToUnixTimeSeconds();

    internal FixedDirectory(ServedFile? parent, string name, ulong id, Func<FixedDirectory, ServedFile[]> children)
        : this(parent, Encoding.UTF8.GetBytes(name), id, children)
    {
    }

    internal FixedDirectory(ServedFile? parent, ReadOnlyMemory<byte> name, ulong id, Func<FixedDirectory, ServedFile[]> children)
        : base(parent, name, id, DirectoryMode) => _children = children(this);

    internal override long Started => _started ?? base.Started;

    public override Errno Walk(ReadOnlySpan<byte> name, out ServedFile? child)
    {
        child = null;
        foreach (ServedFile c in _children)
        {
            if (name.SequenceEqual(c.Name.Span))
                child = c;
        }
        return child is null ? Errno.ENOENT : 0;
    }

    public override Errno List(out IReadOnlyList<ServedFile> list)
    {
        list = _children;
        return 0;
    }
}
