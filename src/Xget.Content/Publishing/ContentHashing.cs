using System.Buffers;
using Mono.Unix.Native;

namespace Xget.Content;

/// <summary>Hashes the contents of one publishing that the index does not know, in rounds. Not thread-safe itself.</summary>
/// <remarks>
/// A file that changed while it was read, as a log that grows does, is hashed once more: if the bytes are the same, they
/// are those that the file had at one moment, between the two. If not, the file counts as changed (ESTALE).
/// </remarks>
internal sealed class ContentHashing(DigestIndex index, PublishOptions options, ProgressCount progress, TimeProvider clock)
{
    private const int HashBuffer = 256 << 10;

    private readonly Dictionary<Digest, IndexedContent> _results = [];    // also those that are too fresh to keep
    private readonly Dictionary<Digest, IndexedContent> _unsure = [];    // what the first hashing gave, by plan

    /// <summary>What hashing a plan has given.</summary>
    public IndexedContent this[ContentPlan plan] => _results[plan.IndexKey];

    /// <summary>Hashes what is neither in the index nor hashed yet.</summary>
    /// <returns>
    /// The files that could not be read as they were found, and why: ESTALE if they have changed. None, and all is
    /// hashed, or else there has to be another round.
    /// </returns>
    public async Task<(List<(SourceFile File, Errno Error)> Failures, bool IsComplete)> RunAsync(
        List<ContentPlan> plans, CancellationToken cancel)
    {
        Dictionary<Digest, ContentPlan> missing = [];
        foreach (var plan in plans)
        {
            var key = plan.IndexKey;
            if (_results.ContainsKey(key) || missing.ContainsKey(key))
                continue;
            if (index.Find(key, plan.Members.Length, plan.Size) is { } known)
                _results.Add(key, known);
            else
                missing.Add(key, plan);
        }
        progress.ToHash(missing.Values.Aggregate(0UL, (sum, plan) => sum + plan.Size));
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancel };
        List<(SourceFile, Errno)> failures = [];
        await Parallel.ForEachAsync(Segments(missing), parallel, (segment, stop) =>
        {
            var (key, hash, number, started) = segment;
            var buffer = ArrayPool<byte>.Shared.Rent(HashBuffer);
            try
            {
                if (hash.Hash(number, buffer.AsSpan(0, HashBuffer), stop))
                    Complete(key, hash, started, failures);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
            if (hash.TakeFailure() is { } failure)
            {
                lock (_results)
                    failures.Add(failure);
            }
            progress.Hashed(hash.LengthOf(number));
            return ValueTask.CompletedTask;
        });
        var isComplete = true;
        foreach (var key in missing.Keys)
            isComplete &= _results.ContainsKey(key);
        return (failures, isComplete);
    }

    // A content's table is allocated only when its first segment is due.
    private IEnumerable<(Digest Key, ContentHash Hash, int Segment, DateTimeOffset Started)> Segments(
        Dictionary<Digest, ContentPlan> missing)
    {
        foreach (var (key, plan) in missing)
        {
            bool again;
            lock (_results)
                again = _unsure.ContainsKey(key);
            var hash = new ContentHash(plan, again);
            var started = clock.GetUtcNow();
            for (var i = 0; i < hash.Segments; i++)
                yield return (key, hash, i, started);
        }
    }

    private void Complete(Digest key, ContentHash hash, DateTimeOffset started, List<(SourceFile, Errno)> failures)
    {
        var result = hash.Result();
        lock (_results)
        {
            if (hash.Moved.Count == 0 || (hash.IsAgain && _unsure[key].Table.Content == result.Table.Content))
            {
                _results[key] = result;
            }
            else if (hash.IsAgain)
            {
                _unsure.Remove(key);
                foreach (var file in hash.Moved)
                    failures.Add((file, Errno.ESTALE));
            }
            else
            {
                _unsure[key] = result;
            }
        }
        if (hash.Moved.Count == 0 && hash.Plan.Members.All(file => RacyTimes.AreSettled(file.Identity, started)))
            index.Add(key, result);
    }
}
