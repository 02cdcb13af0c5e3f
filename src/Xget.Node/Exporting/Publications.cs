using Xget.Content;

namespace Xget.Node.Exporting;

/// <summary>
/// What the master publishes: the present generation, and a few former ones, since nodes go on reading what they have
/// open. Thread-safe.
/// </summary>
internal sealed class Publications
{
    private const int FormerKept = 3;

    private readonly Lock _gate = new();
    private volatile Publication[] _newestFirst;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Publications(Generation first) => _newestFirst = [new Publication(first)];

    /// <summary>A generation and what its contents are called.</summary>
    private sealed record Publication(Generation Generation)
    {
        internal ContentNames Names { get; } = new(Generation);
    }

    internal Generation Current => _newestFirst[0].Generation;

    /// <summary>The content of that digest and its name, in the newest generation that has it.</summary>
    internal (PublishedContent Content, string Name)? Find(Digest digest)
    {
        foreach (Publication publication in _newestFirst)
        {
            if (publication.Generation.Find(digest) is { } content)
                return (content, publication.Names[digest]);
        }
        return null;
    }

    /// <summary>Another generation is the present one from now on.</summary>
    internal void Publish(Generation next)
    {
        var publication = new Publication(next);
        TaskCompletionSource changed;
        lock (_gate)
        {
            Publication[] before = _newestFirst;
            _newestFirst = [publication, .. before.AsSpan(0, Math.Min(before.Length, FormerKept))];
            if (before.Length > FormerKept)
                before[FormerKept].Generation.Dispose();
            (changed, _changed) = (_changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        changed.SetResult();
    }

    /// <summary>The present generation with the same root, from other states of its files.</summary>
    internal void Renew(Generation same)
    {
        lock (_gate)
        {
            Publication[] before = _newestFirst;
            _newestFirst = [new Publication(same), .. before.AsSpan(1)];
            before[0].Generation.Dispose();
        }
    }

    /// <summary>The present generation as soon as its root is not <paramref name="known"/>.</summary>
    internal async ValueTask<Generation> OtherThanAsync(Digest known, CancellationToken ct)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
                changed = _changed.Task;
            if (Current is var now && now.Root != known)
                return now;
            await changed.WaitAsync(ct);
        }
    }
}
