using Xget.Content;

namespace Xget.Node.Exporting;

/// <summary>What people call the contents of a generation: the path of the first file with these bytes. Immutable.</summary>
internal sealed class ContentNames
{
    private readonly Dictionary<Digest, string> _names = [];

    internal ContentNames(Generation generation) => Add(generation, generation.Tree);

    internal string this[Digest digest] => _names.GetValueOrDefault(digest, "?");

    private void Add(Generation generation, PublishedNode node)
    {
        if (generation.Find(node.Data.Content) is { } content && !_names.ContainsKey(node.Data.Content))
        {
            string name = node.Type == EntryType.Directory ? $"directory {node}" : node.ToString();
            // The first of several that share a content.
            _names.Add(node.Data.Content, node.Data.Length == content.Table.Size ? name : name + " ...");
        }
        foreach (PublishedNode child in node.Children)
            Add(generation, child);
    }
}
