using System.Collections.Immutable;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>
/// Collects what was left out; a tree of nothing but trouble gives a bounded number of lines. Thread-safe.
/// </summary>
internal sealed class PublishWarnings
{
    private const int MostLines = 1000;

    private readonly List<string> _lines = [];
    private readonly Dictionary<PublishedNode, List<string>> _leftOut = [];    // by directory
    private long _more;

    /// <summary>Entries that were left out.</summary>
    public long LeftOutCount { get; private set; }

    public void LeftOut(PublishedNode parent, FileName name, string reason)
    {
        lock (_lines)
        {
            LeftOutCount++;
            if (!_leftOut.TryGetValue(parent, out var names))
                _leftOut.Add(parent, names = []);
            names.Add(Content.LeftOut.LineOf(name, reason));
        }
        Add($"{Content.LeftOut.LinePrefix}{(parent.Parent is null ? "" : $"{parent}/")}{name}: {reason}");
    }

    /// <exception cref="PublishException">The process lacks descriptors or memory, which is no fault of this entry.</exception>
    public void LeftOut(PublishedNode node, Errno error)
    {
        RefuseShortage(node, error);
        LeftOut(node, Words.Of(error));
    }

    public void LeftOut(PublishedNode node, string reason) => LeftOut(node.Parent!, node.Name, reason);

    /// <exception cref="PublishException">The process lacks descriptors or memory, which is no fault of this entry.</exception>
    public static void RefuseShortage(PublishedNode node, Errno error)
    {
        if (error is Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM)
            throw new PublishException($"cannot publish {node}: {Words.Of(error)}", error);
    }

    /// <summary>Writes into the attributes of each directory which of its entries are left out.</summary>
    public void NameLeftOut()
    {
        foreach (var (directory, lines) in _leftOut)
        {
            var mark = new Xattr(Content.LeftOut.XattrName.ToArray(), Content.LeftOut.Format(lines));
            var xattrs = directory.Attributes.Xattrs.Add(mark)
                .Sort((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
            directory.Attributes = directory.Attributes with { Xattrs = xattrs };
        }
    }

    public void Add(string line)
    {
        lock (_lines)
        {
            if (_lines.Count < MostLines)
                _lines.Add(line);
            else
                _more++;
        }
    }

    public ImmutableArray<string> ToImmutable()
    {
        lock (_lines)
            return _more == 0 ? [.. _lines] : [.. _lines, $"and {_more} more"];
    }
}
