using System.Text;
using Mono.Unix.Native;
using Xget.NineP;

namespace Xget.Testing;

/// <summary>Anything in a <see cref="TestTree"/>; by itself a link or a device.</summary>
public class TestNode : ServedFile
{
    private readonly Qid _qid;
    private readonly byte[] _name;
    private readonly TestDirectory? _parent;

    internal TestNode(TestTree tree, string name, TestDirectory? parent, uint mode)
    {
        Tree = tree;
        _name = Encoding.UTF8.GetBytes(name);
        _parent = parent;
        QidType type = (mode & 0xF000) switch
        {
            0x4000 => QidType.Directory,
            0xA000 => QidType.Symlink,
            _ => QidType.File,
        };
        _qid = new Qid(type, 1, tree.NextPath());
        Attributes = new Attributes
        {
            Mode = mode,
            Uid = 1000,
            Gid = 100,
            NLink = 1,
            BlockSize = 4096,
            Atime = new(3, 0),
            Mtime = new(5, 7),
            Ctime = new(9, 11),
        };
    }

    public TestTree Tree { get; }

    public override Qid Qid => _qid;

    public override ReadOnlyMemory<byte> Name => _name;

    public override ServedFile Parent => _parent ?? this;

    public Attributes Attributes { get; set; }

    public byte[]? Target { get; init; }

    public Dictionary<string, byte[]> Xattrs { get; } = [];

    public override Errno GetAttributes(out Attributes attributes)
    {
        attributes = Attributes;
        return 0;
    }

    public override Errno ReadLink(out ReadOnlyMemory<byte> target)
    {
        target = Target;
        return Target is null ? Errno.EINVAL : 0;
    }

    public override Errno GetXattr(ReadOnlySpan<byte> name, out ReadOnlyMemory<byte> value)
    {
        bool found = Xattrs.TryGetValue(Encoding.UTF8.GetString(name), out byte[]? bytes);
        value = bytes;
        return found ? 0 : Errno.ENODATA;
    }

    public override Errno ListXattrs(out ReadOnlyMemory<byte> names)
    {
        names = Encoding.UTF8.GetBytes(string.Concat(Xattrs.Keys.Select(k => k + "\0")));
        return 0;
    }
}
