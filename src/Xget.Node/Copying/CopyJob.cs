using Serilog;
using Xget.Content.Store;
using Xget.Node.Wire;

namespace Xget.Node.Copying;

/// <summary>
/// The <c>xget -n</c> copy: plans from directory objects, fetches the contents that are missing or differ straight into
/// the destination, puts each file under its name when it is whole, and sets metadata last. Where the master has not got
/// some contents any more it plans anew for what it publishes then.
/// </summary>
public sealed class CopyJob(ClusterNode node, Destination destination, TimeProvider time, Random random, ILogger log,
    CopyOptions? options = null)
{
    /// <summary>Plans of one copy: with each publishing at the master a file that never rests may be lost again.</summary>
    private const int MaxRounds = 5;

    /// <summary>How long another generation is waited for.</summary>
    private static readonly TimeSpan GenerationTime = TimeSpan.FromSeconds(5);

    /// <summary>How often it is looked whether another copy has left the destination.</summary>
    private static readonly TimeSpan LockLook = TimeSpan.FromMilliseconds(200);

    private readonly CopyOptions _options = options ?? new CopyOptions();

    /// <summary>How far it is.</summary>
    public CopyProgress Progress { get; } = new();

    /// <summary>
    /// Copies the sources (paths below the exported root, "." for everything) into the destination. Waits while another
    /// copy into it is under way. An entry that cannot be made costs only itself: the result names it.
    /// </summary>
    /// <exception cref="CopyException">It cannot be finished; a later run goes on from what is verified.</exception>
    public async Task<CopyResult> RunAsync(IReadOnlyList<string> sources, CancellationToken ct)
    {
        long start = time.GetTimestamp();
        await LockAsync(ct);
        (GenerationText? generation, string? reason) = await node.GenerationAsync(ct);
        Dictionary<DestinationPath, PackMember> done = [];
        bool isMixed = false;
        for (int round = 1; ; round++)
        {
            if (generation is null)
                throw new CopyException(reason!);
            (CopyPlan plan, generation) = await PlanAsync(generation, sources, ct);
            if (round == 1)
                destination.Use(plan.OwnNames);
            destination.Watch(plan.Lookalikes);
            var placing = new Placing(plan, destination, _options.MayLackTypes);
            var copier = new ContentCopier(node, destination, placing, Progress) { Done = done };
            Progress.Begin(plan.Files, plan.Bytes);
            placing.MakeDirectories();
            await new ContentOrder(random).RunAsync(plan, copier.CopyAsync, ct);
            isMixed = done.Count > 0 && IsMixed(done, plan, copier, placing);
            if (copier.Stale.Count > 0 && round < MaxRounds && await OtherGenerationAsync(generation, ct) is { } other)
            {
                log.Information("{Count} files have changed on the master: generation {Number} is copied now", copier.Stale.Count, other.Number);
                NoteDone(done, plan, copier, placing);
                generation = other;
                continue;
            }
            return Finish(plan, placing, copier, ct) with { Elapsed = time.GetElapsedTime(start), IsMixed = isMixed };
        }
    }

    private async Task LockAsync(CancellationToken ct)
    {
        for (bool told = false; destination.TryLock() != 0; told = true)
        {
            if (!told)
                log.Warning("another copy into the same destination is under way: waiting until it is done");
            await Task.Delay(LockLook, time, ct);
        }
    }

    /// <summary>The plan; of the generation that the master has now, if it has not got all of the given one any more.</summary>
    private async Task<(CopyPlan, GenerationText)> PlanAsync(GenerationText generation, IReadOnlyList<string> sources, CancellationToken ct)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return (await new TreeReader(node, _options).PlanAsync(generation, sources, ct), generation);
            }
            catch (CopyException) when (attempt < MaxRounds)
            {
                (GenerationText? now, _) = await node.GenerationAsync(ct);
                if (now is null || now.Root == generation.Root)
                    throw;
                generation = now;
            }
        }
    }

    /// <summary>What the master publishes next; null if it does not do so soon.</summary>
    private async Task<GenerationText?> OtherGenerationAsync(GenerationText known, CancellationToken ct)
    {
        using var soon = new CancellationTokenSource(GenerationTime, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, soon.Token);
        try
        {
            return await node.OtherGenerationAsync(known.Root, both.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private CopyResult Finish(CopyPlan plan, Placing placing, ContentCopier copier, CancellationToken ct)
    {
        foreach (PackMember member in copier.Stale)
        {
            if (!placing.IsLost(member.Path))
                placing.Failures.Add(member.Path, "changed on the master while it was copied; run again when it has published the new state");
        }
        Progress.Done(placing.PlaceOthers());
        var links = new LinkPass(plan, destination, placing);
        Progress.Done(links.Run(ct));
        if (placing.Failures.Count == 0)
            destination.Partial.RemoveAbandoned();
        placing.FinishDirectories();
        destination.Unlock();
        Warn(placing, links);
        return new CopyResult(Progress.FilesDone, plan.Bytes, default, placing.Skipped)
        {
            FailureCount = placing.Failures.Count,
            Failures = placing.Failures.First(),
            LackedCount = placing.Lacked.Count,
            Lacked = placing.Lacked.First(),
            LeftOutCount = plan.LeftOut.Count,
            LeftOut = plan.LeftOut.Named,
        };
    }

    private void Warn(Placing placing, LinkPass links)
    {
        if (placing.Skipped > 0)
            log.Warning("{Count} device nodes were left out: only root may make them", placing.Skipped);
        if (links.Copies > 0)
            log.Warning("{Count} hard links became files of their own: the file system allows no link there, or no more", links.Copies);
        if (destination.OwnersLost > 0)
            log.Warning("{Count} entries did not get their owner: the id is not allowed here", destination.OwnersLost);
        if (destination.ModesLost > 0)
            log.Warning("{Count} entries did not get their mode: the destination's file system refused it", destination.ModesLost);
        if (destination.TimesLost > 0)
            log.Warning("{Count} entries did not get their time: the destination's file system refused it", destination.TimesLost);
        if (destination.XattrsLost > 0)
            log.Warning("{Count} extended attributes were refused by the destination's file system", destination.XattrsLost);
    }

    /// <summary>Adds the files of a plan that are in place. What is not in this plan, or stale, stays as it was.</summary>
    private static void NoteDone(Dictionary<DestinationPath, PackMember> done, CopyPlan plan, ContentCopier copier, Placing placing)
    {
        HashSet<DestinationPath> stale = [];
        foreach (PackMember member in copier.Stale)
            stale.Add(member.Path);
        foreach (List<PackMember> members in plan.Contents.Values)
        {
            foreach (PackMember member in members)
            {
                if (!placing.IsLost(member.Path) && !placing.Failures.Has(member.Path) && !stale.Contains(member.Path))
                    done[member.Path] = member;
            }
        }
    }

    /// <summary>Whether something that an earlier plan placed is not in this one, or could not be replaced.</summary>
    private static bool IsMixed(Dictionary<DestinationPath, PackMember> done, CopyPlan plan, ContentCopier copier, Placing placing)
    {
        int inPlan = 0;
        foreach (List<PackMember> members in plan.Contents.Values)
        {
            foreach (PackMember member in members)
            {
                if (done.ContainsKey(member.Path) && !placing.Failures.Has(member.Path))
                    inPlan++;
            }
        }
        foreach (PackMember member in copier.Stale)
        {
            if (done.ContainsKey(member.Path))
                inPlan--;
        }
        return inPlan < done.Count;
    }
}
