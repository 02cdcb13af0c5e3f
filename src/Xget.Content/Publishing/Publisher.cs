using System.Buffers;
using System.Text;
using Mono.Unix.Native;

namespace Xget.Content;

/// <summary>
/// Makes generations out of a directory: looks through it, hashes what the index does not know, builds the objects.
/// </summary>
/// <remarks>Thread-safe, stateless between calls. The source is only read.</remarks>
/// <param name="clock">Tells the time of publishing, and which timestamps are too fresh to rely on.</param>
public sealed class Publisher(TimeProvider clock)
{
    private const int MostAttempts = 1 + 3;
    private const int HashBuffer = 256 << 10;

    // A file's times advance with the kernel's tick: one that changes twice within it looks unchanged (as git knows).
    private static readonly TimeSpan RacyAge = TimeSpan.FromMilliseconds(100);

    /// <summary>The same for a path that is text.</summary>
    /// <exception cref="PublishException">The path itself cannot be published.</exception>
    public Task<Generation> PublishAsync(string path, DigestIndex index, ulong number, PublishOptions options,
        IProgress<PublishProgress>? progress = null, CancellationToken cancel = default) =>
        PublishAsync(Encoding.UTF8.GetBytes(path), index, number, options, progress, cancel);

    /// <summary>Publishes a directory, or a single file as the one entry of a root directory.</summary>
    /// <param name="path">
    /// The directory or file; symlinks in the path itself are followed, below it they are published.
    /// </param>
    /// <param name="index">Digests of files that have not changed since; takes up the new ones.</param>
    /// <param name="number">The generation's number.</param>
    /// <param name="options">How to go about it.</param>
    /// <param name="progress">Told from several threads now and then.</param>
    /// <param name="cancel">Stops early; what was hashed so far is in the index.</param>
    /// <exception cref="PublishException">The path itself cannot be published.</exception>
    public Task<Generation> PublishAsync(byte[] path, DigestIndex index, ulong number, PublishOptions options,
        IProgress<PublishProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Parallelism, 1, nameof(options));
        return Task.Run(() => RunAsync(path, index, number, options, new ProgressCount(progress), cancel), cancel);
    }

    private async Task<Generation> RunAsync(byte[] path, DigestIndex index, ulong number, PublishOptions options,
        ProgressCount progress, CancellationToken cancel)
    {
        var error = SourceTree.Open(path, clock, out var source);
        if (error != 0)
            throw Refused(path, error);
        try
        {
            var warnings = new PublishWarnings();
            error = TreeScan.Run(source!, options, warnings, progress, cancel, out var scan, out var root);
            if (error != 0)
                throw Refused(path, error);
            var contents = await HashAsync(root, scan!, index, options, warnings, progress, cancel);
            var assembly = new TreeAssembly(contents);
            if (!assembly.Build(root))
                throw Refused(path, Errno.EFBIG);
            progress.Report();
            return new Generation(number, clock.GetUtcNow(), root, source!, contents, warnings.ToImmutable())
            {
                Files = assembly.Files,
                Directories = assembly.Directories,
                Bytes = assembly.Bytes,
            };
        }
        catch
        {
            source!.Dispose();
            throw;
        }
    }

    private static PublishException Refused(byte[] path, Errno error) =>
        new($"cannot publish {FileName.Printable(path)}: {error}", error);

    // In rounds: what turns out to have changed is looked at again, and packs may then be cut differently.
    private async Task<Dictionary<Digest, PublishedContent>> HashAsync(PublishedNode root, TreeScan scan,
        DigestIndex index, PublishOptions options, PublishWarnings warnings, ProgressCount progress,
        CancellationToken cancel)
    {
        var changes = new SourceChanges(scan, warnings, MostAttempts);
        Dictionary<Digest, IndexedContent> results = [];    // of this publishing, also those that are too fresh to keep
        changes.LeaveOutTooLarge(root);
        while (true)
        {
            var plans = Packing.Plan(root);
            Dictionary<Digest, ContentPlan> missing = [];
            foreach (var plan in plans)
            {
                var key = plan.IndexKey;
                if (!results.ContainsKey(key) && !missing.ContainsKey(key))
                {
                    if (index.Find(key, plan.Members.Length, plan.Size) is { } known)
                        results.Add(key, known);
                    else
                        missing.Add(key, plan);
                }
            }
            var failures = await HashAsync(missing, results, index, options, progress, cancel);
            if (failures.Count > 0)
            {
                changes.Apply(root, failures);
                changes.LeaveOutTooLarge(root);
                continue;
            }

            Dictionary<Digest, PublishedContent> contents = [];
            foreach (var plan in plans)
            {
                var result = results[plan.IndexKey];
                contents.TryAdd(result.Table.Content, plan.Complete(result));
            }
            index.Retain(plans.ConvertAll(plan => plan.IndexKey).ToHashSet());
            return contents;
        }
    }

    private async Task<List<(SourceFile File, Errno Error)>> HashAsync(Dictionary<Digest, ContentPlan> missing,
        Dictionary<Digest, IndexedContent> results, DigestIndex index, PublishOptions options, ProgressCount progress,
        CancellationToken cancel)
    {
        List<(SourceFile, Errno)> failures = [];
        progress.ToHash(missing.Values.Aggregate(0UL, (sum, plan) => sum + plan.Size));
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancel };
        await Parallel.ForEachAsync(Segments(missing), parallel, (segment, stop) =>
        {
            var (key, hash, number, started) = segment;
            var buffer = ArrayPool<byte>.Shared.Rent(HashBuffer);
            try
            {
                if (hash.Hash(number, buffer.AsSpan(0, HashBuffer), stop))
                {
                    var result = hash.Result();
                    lock (results)
                        results[key] = result;
                    if (hash.Plan.Members.All(file => IsSettled(file, started)))
                        index.Add(key, result);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
            if (hash.TakeFailure() is { } failure)
            {
                lock (failures)
                    failures.Add(failure);
            }
            progress.Hashed(hash.LengthOf(number));
            return ValueTask.CompletedTask;
        });
        return failures;
    }

    // A content's table is allocated only when its first segment is due.
    private IEnumerable<(Digest Key, ContentHash Hash, int Segment, DateTimeOffset Started)> Segments(
        Dictionary<Digest, ContentPlan> missing)
    {
        foreach (var (key, plan) in missing)
        {
            var hash = new ContentHash(plan);
            var started = clock.GetUtcNow();
            for (var i = 0; i < hash.Segments; i++)
                yield return (key, hash, i, started);
        }
    }

    private static bool IsSettled(SourceFile file, DateTimeOffset started)
    {
        var ticks = Math.Max(0, (started - RacyAge - DateTimeOffset.UnixEpoch).Ticks);
        var (seconds, rest) = Math.DivRem(ticks, TimeSpan.TicksPerSecond);
        return file.Identity.Ctime < new Timestamp(seconds, (uint)(rest * TimeSpan.NanosecondsPerTick));
    }
}
