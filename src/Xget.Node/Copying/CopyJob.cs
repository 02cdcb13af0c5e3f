using Mono.Unix.Native;
using Serilog;
using Xget.Content;
using Xget.Content.Linux;
using Xget.Content.Store;
using Xget.Node.Fetching;
using Xget.Node.Wire;

namespace Xget.Node.Copying;

/// <summary>
/// The <c>xget -n</c> copy: plans from directory objects, fetches the contents that are missing or differ straight into
/// the destination, puts each file under its name when it is whole, and sets metadata last.
/// </summary>
public sealed class CopyJob(ClusterNode node, Destination destination, TimeProvider time, Random random, ILogger log)
{
    /// <summary>Contents under way at a time, of the large and of the small ones; within each, a window of chunks is.</summary>
    private const int Parallel = 4;

    /// <summary>From so many bytes on a content is likely to be in stripes.</summary>
    private const ulong Large = 1 << 20;

    private int _skipped;

    /// <summary>How far it is.</summary>
    public CopyProgress Progress { get; } = new();

    /// <summary>Copies the sources (paths below the exported root, "." for everything) into the destination.</summary>
    /// <exception cref="CopyException">It cannot be finished; a later run goes on from what is verified.</exception>
    public async Task<CopyResult> RunAsync(IReadOnlyList<string> sources, CancellationToken ct)
    {
        long start = time.GetTimestamp();
        (GenerationText? generation, string? reason) = await node.GenerationAsync(ct);
        if (generation is null)
            throw new CopyException(reason!);
        CopyPlan plan = await new TreeReader(node).PlanAsync(generation, sources, ct);
        Progress.Files = plan.Files;
        Progress.Bytes = plan.Bytes;
        foreach ((DestinationPath path, _) in plan.Directories)
            Check(destination.EnsureDirectory(path), path);
        await CopyContentsAsync(plan, ct);
        foreach ((DestinationPath path, EntryAttributes attributes) in plan.Others)
            PlaceOther(path, attributes);
        foreach ((DestinationPath path, DestinationPath existing) in plan.Links)
        {
            Check(destination.PlaceHardLink(path, existing), path);
            Progress.FileDone();
        }
        destination.Partial.RemoveAbandoned();
        for (int i = plan.Directories.Count - 1; i >= 0; i--)
            Check(destination.FinishDirectory(plan.Directories[i].Path, plan.Directories[i].Attributes), plan.Directories[i].Path);
        if (_skipped > 0)
            log.Warning("{Count} device nodes were left out: only root may make them", _skipped);
        if (destination.OwnersLost > 0)
            log.Warning("{Count} entries did not get their owner: the id is not allowed here", destination.OwnersLost);
        if (destination.XattrsLost > 0)
            log.Warning("{Count} extended attributes were refused by the destination's file system", destination.XattrsLost);
        return new CopyResult(plan.Files, plan.Bytes, time.GetElapsedTime(start), _skipped);
    }

    /// <summary>
    /// Large contents in the tree's order, so that all nodes get the same ones at the same time: each is in stripes, whose
    /// trees are best when all are in them from the start. The others in random order, as the paper has it, so that
    /// different nodes come first for different contents.
    /// </summary>
    private async Task CopyContentsAsync(CopyPlan plan, CancellationToken ct)
    {
        ILookup<bool, List<PackMember>> contents = plan.Contents.Values.ToLookup(IsLarge);
        List<PackMember>[] small = [.. contents[false]];
        lock (random)
            random.Shuffle(small);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        List<PackMember>[] large = [.. contents[true]];
        Turn[] turns = Turn.Row(large.Length);
        Task[] workers = [Turn.RunAsync(turns, stop.Token), .. Workers(large, turns, stop), .. Workers(small, null, stop)];
        try
        {
            await Task.WhenAll(workers);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // The first error is the cause, the cancelled ones its consequence.
            throw workers.Where(w => w.IsFaulted).Select(w => w.Exception!.InnerException!).First();
        }
    }

    private static bool IsLarge(List<PackMember> members) => members[0].Data.Length >= Large;

    private Task[] Workers(List<PackMember>[] contents, Turn[]? turns, CancellationTokenSource stop)
    {
        int next = -1;

        async Task WorkAsync()
        {
            try
            {
                while (Interlocked.Increment(ref next) is int i && i < contents.Length)
                {
                    await CopyContentAsync(contents[i], turns?[i], stop.Token);
                    turns?[i].Pass();
                }
            }
            catch
            {
                await stop.CancelAsync();
                throw;
            }
        }

        var workers = new Task[Math.Min(Parallel, contents.Length)];
        for (int i = 0; i < workers.Length; i++)
            workers[i] = WorkAsync();
        return workers;
    }

    private async Task CopyContentAsync(List<PackMember> members, Turn? turn, CancellationToken ct)
    {
        Digest digest = members[0].Data.Content;
        string name = members[0].Path.ToString();
        Existing existing = await Existing.FindAsync(node, destination, digest, members, ct);
        foreach (PackMember member in existing.Right)
        {
            Check(destination.ApplyMetadata(member.Path, member.Attributes), member.Path);
            Progress.Kept((long)member.Data.Length);
            Progress.FileDone();
        }
        if (existing.Missing.Count == 0)
            return;
        // The bytes of a pack of directories, in memory since the tree was read, can be a file's too.
        if (node.Find(digest) is { } inMemory)
            await node.DropAsync(inMemory);
        FileContent? file = null;
        Transfer transfer = node.Fetch(digest, ClusterNode.SizeOf(existing.Missing[0].Data), name, async (table, cancel) =>
        {
            (Errno error, file) = await destination.Partial.OpenAsync(table, cancel);
            if (error == 0)
                error = await existing.SeedAsync(destination, file!, cancel);
            return (error, file);
        }, existing.Table, existing.Missing.ConvertAll(m => m.Data), turn?.Soon, turn?.Now);
        if (turn is not null)
        {
            await transfer.NearEnd.WaitAsync(ct);
            turn.Pass();
        }
        if (await transfer.Finished.WaitAsync(ct) is { } reason)
            throw new CopyException(reason);
        Place(file!, existing.Missing);
        ServeFromPlace(transfer, file!, members);
    }

    /// <summary>The first of files that are the whole content takes the content's own file, the others get copies.</summary>
    private void Place(FileContent file, List<PackMember> members)
    {
        PackMember? whole = members.Find(m => m.Data.Offset == 0 && m.Data.Length == file.Table.Size);
        if (whole is not null)
            Check(destination.PlaceFile(file, whole.Path, whole.Attributes), whole.Path);
        foreach (PackMember member in members)
        {
            if (member != whole)
                Check(destination.PlaceRange(file, member.Data, member.Path, member.Attributes), member.Path);
            Progress.FileDone();
        }
        if (whole is null)
            destination.Partial.Remove(file); // it is read on, without a name, until the node ends
    }

    /// <summary>From now on children read from the files in place: no descriptor stays open, no pack lies there twice.</summary>
    private void ServeFromPlace(Transfer transfer, FileContent file, List<PackMember> members)
    {
        // A pack of which only a part is copied stays as it is.
        if (destination.Reopen(file.Table, members, out PlacedContent? placed) == 0)
            transfer.Move(placed!);
    }

    private void PlaceOther(DestinationPath path, EntryAttributes attributes)
    {
        Errno error = attributes.Type switch
        {
            EntryType.Regular => destination.PlaceBytes([], path, attributes),
            EntryType.Symlink => destination.PlaceSymlink(path, attributes),
            _ => destination.PlaceNode(path, attributes),
        };
        if (error == Errno.EPERM && attributes.Type is EntryType.Character or EntryType.Block)
            _skipped++;
        else
            Check(error, path);
        if (attributes.Type == EntryType.Regular)
            Progress.FileDone();
    }

    private static void Check(Errno error, DestinationPath path)
    {
        if (error == Errno.EISDIR)
            throw new CopyException($"{path}: a directory that is not empty stands where a file should be");
        if (error != 0)
            throw new CopyException($"cannot write {(path.Parent is null ? "the destination" : path)}: {Words.Of(error)}");
    }
}
