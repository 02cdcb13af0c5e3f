using System.Text;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>
/// Makes generations out of a directory: looks through it, hashes what the index does not know, builds the objects.
/// </summary>
/// <remarks>Thread-safe, stateless between calls. The source is only read.</remarks>
/// <param name="clock">Tells the time of publishing, and which timestamps are too fresh to rely on.</param>
public sealed class Publisher(TimeProvider clock)
{
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
            var hashing = new ContentHashing(index, options, progress, clock);
            var contents = await HashAsync(root, scan!, index, hashing, warnings, cancel);
            warnings.NameLeftOut();
            var assembly = new TreeAssembly(contents);
            if (!assembly.Build(root))
                throw Refused(path, Errno.EFBIG);
            progress.Report();
            return new Generation(number, clock.GetUtcNow(), root, source!, contents, warnings.ToImmutable())
            {
                Files = assembly.Files,
                Directories = assembly.Directories,
                Bytes = assembly.Bytes,
                LeftOut = warnings.LeftOutCount,
            };
        }
        catch
        {
            source!.Dispose();
            throw;
        }
    }

    private static PublishException Refused(byte[] path, Errno error) =>
        new($"cannot publish {FileName.Printable(path)}: {Words.Of(error)}", error);

    // In rounds: what turns out to have changed is looked at again, and packs may then be cut differently.
    private static async Task<Dictionary<Digest, PublishedContent>> HashAsync(PublishedNode root, TreeScan scan,
        DigestIndex index, ContentHashing hashing, PublishWarnings warnings, CancellationToken cancel)
    {
        var changes = new SourceChanges(scan, warnings);
        changes.LeaveOutTooLarge(root);
        while (true)
        {
            var plans = Packing.Plan(root, scan.FileSystems);
            var (failures, isComplete) = await hashing.RunAsync(plans, cancel);
            if (failures.Count > 0)
            {
                changes.Apply(root, failures);
                changes.LeaveOutTooLarge(root);
            }
            if (!isComplete || failures.Count > 0)
                continue;

            Dictionary<Digest, PublishedContent> contents = [];
            foreach (var plan in plans)
            {
                var result = hashing[plan];
                contents.TryAdd(result.Table.Content, plan.Complete(result));
            }
            index.Retain(plans.ConvertAll(plan => plan.IndexKey).ToHashSet());
            return contents;
        }
    }
}
