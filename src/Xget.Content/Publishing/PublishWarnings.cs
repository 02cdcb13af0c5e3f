using System.Collections.Immutable;
using Mono.Unix.Native;

namespace Xget.Content;

/// <summary>
/// Collects what was left out; a tree of nothing but trouble gives a bounded number of lines. Thread-safe.
/// </summary>
internal sealed class PublishWarnings
{
    private const int Most = 1000;

    private readonly List<string> _lines = [];
    private long _more;

    public void LeftOut(PublishedNode? parent, FileName name, string reason) =>
        Add($"left out: {(parent?.Parent is null ? "" : $"{parent}/")}{name}: {reason}");

    public void LeftOut(PublishedNode node, Errno error) => Add($"left out: {node}: {Linux.Words.Of(error)}");

    public void LeftOut(PublishedNode node, string reason) => Add($"left out: {node}: {reason}");

    public void Add(string line)
    {
        lock (_lines)
        {
            if (_lines.Count < Most)
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
