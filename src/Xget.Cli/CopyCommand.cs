using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Serilog.Core;
using Serilog.Events;
using Xget.Content.Linux;
using Xget.Content.Store;
using Xget.NineP;
using Xget.Node;
using Xget.Node.Copying;
using Xget.Node.Fetching;

namespace Xget.Cli;

/// <summary><c>xget -n MASTER SRC... DEST</c>: the copy, which serves others meanwhile and for a while after.</summary>
internal static class CopyCommand
{
    internal static async Task<int> RunAsync(string masterText, string[] sources, string target, ParseResult result, CommonOptions options, CancellationToken ct)
    {
        MasterAddress master = MasterAddress.Parse(masterText, result.GetValue(options.Port))
            ?? throw new UserException($"-n: not a master's address: {masterText}", ExitCode.Usage);
        NodeOptions nodeOptions = await NodeOptionsAsync(master, result, options, ct);
        bool quiet = result.GetValue(options.Quiet);
        var sink = new MasterLogSink();
        await using Logger log = Logs.Create(result, options, nodeOptions.Name, LogEventLevel.Warning, sink);
        bool bare = result.GetValue(options.NoMetadata) || result.GetValue(options.RootOnly);
        var destinationOptions = new DestinationOptions { KeepMode = !bare };
        if (bare)
            destinationOptions = destinationOptions with { KeepOwner = false };
        if (Destination.Open(target, destinationOptions, out Destination? destination) is var error and not 0)
            throw new UserException($"{target}: {Words.Of(error)}");
        int exit;
        using (destination)
        {
            var transport = new SocketTransport(nodeOptions.RequestTimeout,
                source: CommonOptions.Address(result.GetValue(options.Advertise), "--advertise"));
            await using var node = new ClusterNode(nodeOptions, transport, TimeProvider.System, new Random(), log, sink);
            if (await StartAsync(node, nodeOptions, ct) is { } reason)
                throw new UserException($"cannot reach the master at {master}: {reason}");
            var job = new CopyJob(node, destination!, TimeProvider.System, new Random(), log,
                new CopyOptions
                {
                    NoDevices = result.GetValue(options.NoDevices), NoSetuid = result.GetValue(options.NoSetuid), MayLackTypes = bare,
                });
            CopyResult copy = await WithProgressAsync(job, node, quiet, sources, ct);
            await node.CloseIdleParentsAsync();
            if (copy.IsComplete && result.GetValue(options.DoneFile) is { } doneFile)
                Create(doneFile);
            Tell(copy);
            Counters moved = node.Counters;
            string summary = $"{Amount.Count(copy.Files, "file")}, {Amount.Bytes(copy.Bytes)} in {Amount.Seconds(copy.Elapsed)} ({Amount.Rate(copy.Bytes, copy.Elapsed)}): " +
                $"{Amount.Bytes(moved.FromMaster)} from the master, {Amount.Bytes(moved.FromWorkers)} from workers, {Amount.Count(moved.Retries, "retry", "retries")}";
            log.Information("{Summary:l}", summary);
            if (!quiet)
                StandardStreams.Say(summary);
            exit = copy.IsComplete ? ExitCode.Done : ExitCode.Failed;
            double? most = result.GetValue(options.Linger);
            try
            {
                await Node.Copying.Linger.RunAsync(node, most is { } seconds ? TimeSpan.FromSeconds(seconds) : copy.Elapsed, TimeProvider.System, ct);
            }
            catch (OperationCanceledException)
            {
                // Everything is here; it was only told not to serve any longer.
            }
        }
        return exit;
    }

    /// <summary>Names what is missing: also where nothing else is told, since it is an error.</summary>
    private static void Tell(CopyResult copy)
    {
        foreach (string line in copy.LeftOut)
            StandardStreams.Complain($"left out by the master: {line}");
        Name(copy.Lacked, copy.LackedCount);
        Name(copy.Failures, copy.FailureCount);
        if (copy.IsMixed)
            StandardStreams.Complain("the master published while it was copied: some of the files are of the state before");
        if (!copy.IsComplete)
        {
            StandardStreams.Complain($"copied {Amount.Count(copy.Files, "file")}" +
                (copy.FailureCount > 0 ? $"; {Amount.Count(copy.FailureCount, "entry", "entries")} could not be copied" : "") +
                (copy.LeftOutCount > 0 ? $"; {Amount.Count(copy.LeftOutCount, "entry was", "entries were")} left out by the master" : ""));
        }
    }

    private static void Name(IReadOnlyList<CopyFailure> first, long count)
    {
        foreach (CopyFailure failure in first)
            StandardStreams.Complain($"{failure.Path}: {failure.Reason}");
        if (count > first.Count)
            StandardStreams.Complain($"and {count - first.Count} more");
    }

    private static async Task<string?> StartAsync(ClusterNode node, NodeOptions options, CancellationToken ct)
    {
        try
        {
            return await node.StartAsync(ct);
        }
        catch (SocketException e)
        {
            throw ServeCommand.CannotListen(options.Listen, e, "--serve-port chooses another port");
        }
    }

    private static void Create(string doneFile)
    {
        string? reason = OwnFile.OpenToAppend(doneFile, out SafeFileHandle file);
        file.Dispose();
        if (reason is not null)
            throw new UserException($"everything is copied, but {doneFile} cannot be made: {reason}");
    }

    internal static async Task<NodeOptions> NodeOptionsAsync(MasterAddress master, ParseResult result, CommonOptions options, CancellationToken ct)
    {
        IPAddress listen = CommonOptions.Address(result.GetValue(options.Bind), "--bind") ?? IPAddress.IPv6Any;
        return new NodeOptions
        {
            Masters = await master.ResolveAsync(ct),
            Name = result.GetValue(options.Name) ?? Environment.MachineName,
            Listen = new IPEndPoint(listen, result.GetValue(options.ServePort)),
            Retries = result.GetValue(options.Retries),
            Stall = TimeSpan.FromSeconds(result.GetValue(options.Stall)),
            Msize = result.GetValue(options.Msize),
        };
    }

    private static async Task<CopyResult> WithProgressAsync(CopyJob job, ClusterNode node, bool quiet, string[] sources, CancellationToken ct)
    {
        using var display = new CopyDisplay(job.Progress, node, quiet);
        try
        {
            return await job.RunAsync(sources, ct);
        }
        catch (CopyException e)
        {
            throw new UserException(e.Message);
        }
    }
}
