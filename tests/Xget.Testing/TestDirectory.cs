using System.Text;
using Mono.Unix.Native;
using Xget.NineP;

namespace Xget.Testing;

/// <summary>A directory in a <see cref="TestTree"/>.</summary>
public sealed class TestDirectory : TestNode
{
    private readonly List<TestNode> _children = [];

    internal TestDirectory(TestTree tree, string name, TestDirectory? parent) : base(tree, name, parent, 0x41ED)
    {
    }

    public TestDirectory AddDirectory(string name) => Add(new TestDirectory(Tree, name, this));

    public TestFile AddFile(string name, byte[] bytes) => Add(new TestFile(Tree, name, this, bytes));

    public TestFile AddFile(string name, string text) => AddFile(name, Encoding.UTF8.GetBytes(text));

    public TestNode AddLink(string name, string target) =>
        Add(new TestNode(Tree, name, this, 0xA1FF) { Target = Encoding.UTF8.GetBytes(target) });

    public TestNode AddDevice(string name, uint mode, uint major, uint minor)
    {
        TestNode device = Add(new TestNode(Tree, name, this, mode));
        device.Attributes = device.Attributes with { Rdev = NineP.Attributes.MakeDevice(major, minor) };
        return device;
    }

    public override Errno Walk(ReadOnlySpan<byte> name, out ServedFile? child)
    {
        child = null;
        foreach (TestNode node in _children)
        {
            if (name.SequenceEqual(node.Name.Span))
            {
                child = node;
                return 0;
            }
        }

        return Errno.ENOENT;
    }

    public override Errno List(out IReadOnlyList<ServedFile?> children)
    {
        children = [.. _children];
        return 0;
    }

    private T Add<T>(T node) where T : TestNode
    {
        _children.Add(node);
        return node;
    }
}
