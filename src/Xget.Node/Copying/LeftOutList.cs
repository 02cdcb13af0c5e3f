using System.Collections.Immutable;
using Xget.Content.Store;

namespace Xget.Node.Copying;

/// <summary>What the master says that it did not publish: the first ones with their names, all of them counted.</summary>
internal sealed class LeftOutList
{
    /// <summary>Entries that are named.</summary>
    private const int MaxNamed = 20;

    private readonly List<string> _named = [];

    /// <summary>All entries.</summary>
    internal long Count { get; private set; }

    /// <summary>The first ones: <c>PATH: REASON</c>.</summary>
    internal IReadOnlyList<string> Named => _named;

    /// <summary>Takes the value of a directory's attribute.</summary>
    internal void Add(DestinationPath directory, ReadOnlySpan<byte> value)
    {
        (ImmutableArray<string> lines, long count) = Content.LeftOut.Parse(value);
        Count += count;
        for (int i = 0; i < lines.Length && _named.Count < MaxNamed; i++)
            _named.Add(directory.Parent is null ? lines[i] : $"{directory}/{lines[i]}");
    }
}
