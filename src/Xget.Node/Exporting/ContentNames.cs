using Xget.Content;

namespace Xget.Node.Exporting;

/// <summary>What people call the contents of a generation: the path of the first file with these bytes. Immutable.</summary>
internal sealed class ContentNames
{
    private readonly Dictionary<Digest, string> _names = [];

    internal ContentNames(PublishedNode root) => Add(root);

    internal string this[Digest digest] => _names.GetValueOrDefault(digest, "?");

    private void Add(PublishedNode node)
    {
        if (node.Type is EntryType.Directory or EntryType.Regular && !_names.ContainsKey(node.Data.Content))
        {
            string name = node.Type == EntryType.Directory ? "directory " + node : node.ToString();
            _names.Add(node.Data.Content, node.Data.Offset == 0 && IsWhole(node) ? name : name + " ...");
        }
        foreach (PublishedNode child in node.Children)
            Add(child);
    }

    /// <summary>A directory's object, or a file that is not the first of a pack.</summary>
    private static bool IsWhole(PublishedNode node) => node.Type == EntryType.Directory || node.Data.Length > 128 << 10;
}
