using System.CommandLine;
using Xget.Fuse;

namespace Xget.Cli.Mounting;

/// <summary><c>xget mount SOURCE DIRECTORY</c>: what <c>mount -t fuse.xget</c> does, without its helper.</summary>
internal static class MountCommand
{
    internal const string Name = "mount";

    internal static Command Build()
    {
        var source = new Argument<string>("SOURCE") { Description = "MASTER:/ or MASTER:/DIRECTORY; MASTER is HOST, HOST:PORT or [V6]:PORT, or several with commas between, tried in turn." };
        var directory = new Argument<string>("DIRECTORY") { Description = "The mount point." };
        var options = new Option<string[]>("--options", "-o") { Description = "Mount options, with commas between; those of xget are below.", HelpName = "OPTIONS" };
        var foreground = new Option<bool>("--foreground", "-f") { Description = "Do not go to the background; log to stderr." };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Say on stderr what happens until it is mounted." };
        var sloppy = new Option<bool>("--sloppy", "-s") { Description = "Ignore unknown options." };
        var nothing = new Option<bool>("--no-mtab", "-n") { Description = "Ignored, as there is no mtab." };
        CommonOptions.RefuseEmpty(source);
        CommonOptions.RefuseEmpty(directory);
        var command = new Command(Name, $"""
            Mount a master's tree, read-only: the same as mount -t fuse.xget SOURCE DIRECTORY. End it with umount.

              Mount options:
            {OwnOption.HelpText()}
              And those of mount(8): ro (always), noexec, nosuid, nodev, noatime, allow_other (root's default), _netdev, nofail, ...
            """) { source, directory, options, foreground, verbose, sloppy, nothing };
        command.SetAction((result, ct) => RunAsync(new MountRequest
        {
            Source = result.GetRequiredValue(source),
            Directory = Path.GetFullPath(result.GetRequiredValue(directory)),
            Options = string.Join(',', result.GetValue(options) ?? []),
            Foreground = result.GetValue(foreground),
            Verbose = result.GetValue(verbose),
            Sloppy = result.GetValue(sloppy),
        }, ct));
        return command;
    }

    /// <summary>Does what is asked for; the exit code.</summary>
    /// <exception cref="UserException">It failed.</exception>
    internal static Task<int> RunAsync(MountRequest request, CancellationToken ct)
    {
        MountOptionSplit split = MountOptionSplit.Parse(request.Options);
        if ((split.Flags & MsFlags.Remount) != 0)
            return Task.FromResult(Remounting.Run(request, split));
        if (split.AsksToWrite && !request.FromMount)
            throw new UserException("rw: what a master serves can only be read", MountExit.Usage);
        MountSettings settings = MountSettings.Parse(request.Options, request.Sloppy);
        MountSource source = MountSource.Parse(request.Source, settings.Port)
            ?? throw new UserException($"{request.Source}: not a source (MASTER:/ or MASTER:/DIRECTORY)", MountExit.Usage);
        if (request.Daemon)
            return new MountService(request, settings, source).RunAsync(ct);
        CheckMountPoint(request);
        return request.Fake ? Task.FromResult(MountExit.Done)
            : request.Foreground ? new MountService(request, settings, source).RunAsync(ct)
            : Task.FromResult(Launcher.Run(request, ct));
    }

    /// <summary>What can be said without the master.</summary>
    private static void CheckMountPoint(MountRequest request)
    {
        if (MountEntry.Find(request.Directory) is { } entry)
        {
            if (entry.Type == MountService.FileSystemType && entry.Source == request.Source && Directory.Exists(request.Directory))
                throw new UserException($"{request.Source} is already mounted on {request.Directory}", MountExit.Failure);
        }
        else if (!Directory.Exists(request.Directory))
        {
            throw new UserException($"mount point {request.Directory}: {(File.Exists(request.Directory) ? "not a directory" : "no such directory")}", MountExit.Failure);
        }
    }
}
