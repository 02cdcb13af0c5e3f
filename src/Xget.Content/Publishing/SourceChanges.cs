using Mono.Unix.Native;

namespace Xget.Content;

/// <summary>Deals with files that changed or could not be read while they were hashed. Not thread-safe.</summary>
internal sealed class SourceChanges(TreeScan scan, PublishWarnings warnings)
{
    /// <summary>The times that one file is hashed, whatever it does.</summary>
    private const int MostAttempts = 1 + 3;

    /// <summary>The rounds in which changed files are looked at again; after that each is left out at once.</summary>
    private const int MostRounds = 20;

    private int _rounds;

    private readonly Dictionary<PublishedNode, int> _attempts = [];

    /// <summary>
    /// Looks at changed files again; leaves out those that change all the time, are gone or cannot be read.
    /// </summary>
    public void Apply(PublishedNode root, List<(SourceFile File, Errno Error)> failures)
    {
        _rounds++;
        var byFile = new Dictionary<SourceFile, Errno>();
        foreach (var (file, error) in failures)
            byFile.TryAdd(file, error);
        Filter(root, node => !byFile.TryGetValue(node.File!, out var error) || Keep(node, error));
    }

    /// <summary>Leaves out files that have too many chunks.</summary>
    public void LeaveOutTooLarge(PublishedNode root) => Filter(root, node =>
    {
        var reason = ChunkTable.WhyNot(node.File!.Size, ChunkTable.ChunkSizeFor(node.File.Size));
        if (reason is not null)
            warnings.LeftOut(node, reason);
        return reason is null;
    });

    private static void Filter(PublishedNode directory, Func<PublishedNode, bool> keep)
    {
        var kept = Array.FindAll(directory.Entries, node => node.File is null || keep(node));
        if (kept.Length < directory.Entries.Length)
            directory.Entries = kept;
        foreach (var child in kept)
            Filter(child, keep);
    }

    private bool Keep(PublishedNode node, Errno error)
    {
        if (error != Errno.ESTALE)
        {
            warnings.LeftOut(node, error);
            return false;
        }
        _attempts[node] = _attempts.GetValueOrDefault(node, 1) + 1;
        if (_attempts[node] > MostAttempts || _rounds > MostRounds)
            warnings.LeftOut(node, "it changes while it is being read");
        else if (scan.ReadAgain(node))
        {
            node.File!.MayGrow = true;
            return true;
        }
        else
            warnings.LeftOut(node, "it has vanished");
        return false;
    }
}
