using Xget.Content.Store;

namespace Xget.Node.Copying;

/// <summary>
/// The entries that could not be copied, each once. What lies in a directory that could not be made is not named. Thread-safe.
/// </summary>
internal sealed class CopyFailures
{
    private readonly Lock _lock = new();
    private readonly HashSet<DestinationPath> _failed = [];
    private readonly List<CopyFailure> _first = [];

    /// <summary>Entries that are named with their reason; the others are counted.</summary>
    internal const int MaxNamed = 20;

    /// <summary>How many entries failed.</summary>
    internal long Count
    {
        get
        {
            lock (_lock)
                return _failed.Count;
        }
    }

    /// <summary>The first of them.</summary>
    internal IReadOnlyList<CopyFailure> First()
    {
        lock (_lock)
            return [.. _first];
    }

    /// <summary>Notes an entry that failed; of several reasons the first counts.</summary>
    internal void Add(DestinationPath path, string reason)
    {
        lock (_lock)
        {
            if (_failed.Add(path) && _first.Count < MaxNamed)
                _first.Add(new CopyFailure(path.Parent is null ? "." : path.ToString(), reason));
        }
    }

    /// <summary>Whether this very entry failed.</summary>
    internal bool Has(DestinationPath path)
    {
        lock (_lock)
            return _failed.Contains(path);
    }
}
