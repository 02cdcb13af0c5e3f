using System.CommandLine;
using Serilog;
using Xget.NineP;
using Xget.Node;
using Xget.Node.Wire;

namespace Xget.Cli;

/// <summary>Reads a file of a master's <c>/.xget</c> for the sub-commands that show it.</summary>
internal sealed class ControlFile
{
    internal Option<string> Master { get; } = new("--master", "-n")
    {
        Description = "The master: HOST, HOST:PORT, [V6]:PORT or HOST!PORT.",
        HelpName = "MASTER",
        Required = true,
    };

    internal Option<int> Port { get; } = CommonOptions.Number("--port", "-p", MasterAddress.DefaultPort, 1, 65535, "The master's port.");

    internal void AddTo(Command command)
    {
        command.Options.Add(Master);
        command.Options.Add(Port);
    }

    /// <summary>The whole file.</summary>
    internal Task<string> ReadAsync(string name, ParseResult result, CancellationToken ct) =>
        WithMasterAsync(name, async node => await node.ReadControlAsync(name, ct), result, ct);

    /// <summary>Has the master publish; null if it is an older one that does not say what becomes of it.</summary>
    internal async Task<PublishReport?> PublishAsync(ParseResult result, CancellationToken ct)
    {
        PublishReport? report = null;
        await WithMasterAsync(Names.Publish, async node =>
        {
            (report, string? reason) = await node.PublishAsync(ct);
            return reason is null ? ("", null) : (null, reason);
        }, result, ct);
        return report;
    }

    private async Task<string> WithMasterAsync(string name, Func<ClusterNode, Task<(string? Text, string? Reason)>> use, ParseResult result, CancellationToken ct)
    {
        string text = result.GetRequiredValue(Master);
        MasterAddress master = MasterAddress.Parse(text, result.GetValue(Port))
            ?? throw new UserException($"--master: not a master's address: {text}", ExitCode.Usage);
        var options = new NodeOptions
        {
            Masters = await master.ResolveAsync(ct), Name = Environment.MachineName, Share = false, Retries = 0,
        };
        await using var node = new ClusterNode(options, new SocketTransport(), TimeProvider.System, new Random(), Log.Logger);
        if (await node.StartAsync(ct) is { } reason)
            throw new UserException($"cannot reach the master at {master}: {reason}");
        (string? read, string? why) = await use(node);
        return read ?? throw new UserException($"{master}: {name}: {why}");
    }
}
