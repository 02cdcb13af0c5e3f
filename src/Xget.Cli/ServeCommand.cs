using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Serilog.Core;
using Serilog.Events;
using Xget.Content;
using Xget.Content.Linux;
using Xget.NineP;
using Xget.Node.Exporting;
using Xget.Node.Wire;
using Xget.Routing;

namespace Xget.Cli;

/// <summary><c>xget DIR</c>: the master.</summary>
internal static class ServeCommand
{
    /// <summary>A stripe's tree has fewer children per worker than a single tree, and a level costs less time.</summary>
    private const int StripedLevels = 32;

    internal static async Task<int> RunAsync(string path, ParseResult result, CommonOptions options, CancellationToken ct)
    {
        if (!Directory.Exists(path) && !File.Exists(path))
            throw new UserException($"{path}: no such file or directory");
        IPAddress address = CommonOptions.Address(result.GetValue(options.Bind), "--bind") ?? IPAddress.IPv6Any;
        var listen = new IPEndPoint(address, result.GetValue(options.Port));
        string name = result.GetValue(options.Name) ?? Environment.MachineName;
        await using Logger log = Logs.Create(result, options, name, LogEventLevel.Information);
        var transport = new SocketTransport();
        await CheckListenAsync(transport, listen);

        var publisher = new Publisher(TimeProvider.System);
        var publishOptions = new PublishOptions { OneFileSystem = result.GetValue(options.OneFileSystem) };
        using DigestIndex index = OpenIndex(path, result.GetValue(options.State), log);
        foreach (string warning in index.Warnings)
            log.Warning("{Warning:l}", warning);
        var republisher = new Republisher(path, publisher, index, publishOptions, log);
        using PosixSignalRegistration hup = HangUp.Register(republisher.Request);
        Generation generation = await PublishAsync(path, publisher, index, publishOptions, result.GetValue(options.Quiet), ct);
        using (generation)
        {
            republisher.Tell(generation);
            uint debug = (uint)result.GetValue(options.Debug);
            var oneTree = new RoutingOptions
            {
                MaxLevel = result.GetValue(options.MaxLevel),
                MaxConnections = result.GetValue(options.MaxConnections),
            };
            int stripes = result.GetValue(options.Stripes);
            var masterOptions = new MasterOptions
            {
                Listen = listen,
                Routing = oneTree,
                Large = stripes == 1 ? null : oneTree with
                {
                    Stripes = stripes,
                    MaxLevel = result.GetResult(options.MaxLevel) is { Implicit: false } ? oneTree.MaxLevel : StripedLevels,
                    MaxConnections = Math.Max(oneTree.MaxConnections, 2 * stripes),
                },
                Msize = result.GetValue(options.Msize),
                DebugMask = debug,
                Republish = republisher.RequestAsync,
                Trace = (debug & 2) != 0 ? line => log.Debug("{Message:l}", line) : null,
            };
            await using Master master = Start(masterOptions, generation, transport, log);
            if (!result.GetValue(options.Quiet))
            {
                StandardStreams.Say($"serving {path}: {Amount.Count(generation.Files, "file")}, {generation.Bytes} bytes, " +
                    $"generation {generation.Number} ({generation.Root}) on {Text(master.Local)}");
            }
            await using var watch = result.GetValue(options.Watch) ? new TreeWatch(path, republisher.RequestAsync, TimeProvider.System,
                reason => log.Warning("not everything is watched, so some changes will not be published by themselves: {Reason:l}", reason)) : null;
            try
            {
                await republisher.RunAsync(master, ct);
            }
            catch (OperationCanceledException)
            {
                log.Information("ends");
            }
        }
        return ExitCode.Done;
    }

    private static Master Start(MasterOptions options, Generation generation, SocketTransport transport, Logger log)
    {
        try
        {
            return new Master(options, generation, transport, TimeProvider.System, log);
        }
        catch (SocketException e)
        {
            throw CannotListen(options.Listen, e);
        }
    }

    /// <summary>An address that is taken is told before a terabyte is hashed.</summary>
    private static async Task CheckListenAsync(SocketTransport transport, IPEndPoint listen)
    {
        try
        {
            await transport.Listen(listen).DisposeAsync();
        }
        catch (SocketException e)
        {
            throw CannotListen(listen, e);
        }
    }

    internal static UserException CannotListen(IPEndPoint listen, SocketException e, string hint = "another master? -p chooses another port") => new(
        $"cannot listen on {Text(listen)}: {Words.Of(e)}{(e.SocketErrorCode == SocketError.AddressAlreadyInUse ? $" ({hint})" : "")}");

    private static string Text(IPEndPoint listen) =>
        listen.Address.Equals(IPAddress.IPv6Any) ? $"*:{listen.Port}" : new IPEndPoint(HostPort.Plain(listen.Address), listen.Port).ToString();

    private static DigestIndex OpenIndex(string path, string? state, Logger log)
    {
        string? directory = state ?? UsualDirectories.State(Environment.IsPrivilegedProcess, Environment.GetEnvironmentVariable, UsualDirectories.Home());
        if (directory is null)
        {
            log.Warning("digests are not kept over a restart: this user has no home directory (--state DIR says where to keep them)");
            return DigestIndex.InMemory();
        }
        try
        {
            Directory.CreateDirectory(directory);
            string full = Path.GetFullPath(path);
            string file = Path.Combine(directory, $"{Digest.Of(System.Text.Encoding.UTF8.GetBytes(full)).ToString()[..16]}.index");
            return DigestIndex.Open(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Warning("digests are not kept over a restart: {Directory:l}: {Reason:l} (--state DIR names another place)", directory, Words.Of(e));
            return DigestIndex.InMemory();
        }
    }

    private static async Task<Generation> PublishAsync(string path, Publisher publisher, DigestIndex index, PublishOptions options, bool quiet, CancellationToken ct)
    {
        using var display = new PublishDisplay(quiet);
        try
        {
            return await publisher.PublishAsync(path, index, 1, options, display, ct);
        }
        catch (PublishException e)
        {
            throw new UserException(e.Message);
        }
    }
}
