using System.Text;
using Mono.Unix.Native;
using Xget.NineP;

namespace Xget.Node.Tree;

/// <summary>A directory whose entries are known when somebody first looks into it.</summary>
internal sealed class FixedDirectory : TreeFile
{
    private readonly Func<FixedDirectory, ServedFile[]> _make;
    private ServedFile[]? _children;
    private readonly long? _started;

    /// <summary>The root of a tree that is served since then.</summary>
    internal FixedDirectory(ulong id, DateTimeOffset started, Func<FixedDirectory, ServedFile[]> children)
        : this(null, "/", id, children) => _started = started.ToUnixTimeSeconds();

    internal FixedDirectory(ServedFile? parent, string name, ulong id, Func<FixedDirectory, ServedFile[]> children)
        : this(parent, Encoding.UTF8.GetBytes(name), id, children)
    {
    }

    internal FixedDirectory(ServedFile? parent, ReadOnlyMemory<byte> name, ulong id, Func<FixedDirectory, ServedFile[]> children)
        : base(parent, name, id, DirectoryMode) => _make = children;

    private ServedFile[] Children => _children ??= _make(this);

    internal override long Started => _started ?? base.Started;

    public override Errno Walk(ReadOnlySpan<byte> name, out ServedFile? child)
    {
        child = null;
        foreach (ServedFile c in Children)
        {
            if (name.SequenceEqual(c.Name.Span))
                child = c;
        }
        return child is null ? Errno.ENOENT : 0;
    }

    public override Errno List(out IReadOnlyList<ServedFile?> list)
    {
        list = Children;
        return 0;
    }
}
