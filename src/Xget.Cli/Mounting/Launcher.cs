using System.ComponentModel;
using System.Diagnostics;

namespace Xget.Cli.Mounting;

/// <summary>
/// Starts the daemon, this same program once more, and waits for what becomes of the mount. The daemon's stdout is a
/// pipe on which it says when it is ready, its stdin one whose end tells it that nobody waits any more, and its stderr
/// is the caller's until it is ready.
/// </summary>
internal static class Launcher
{
    /// <summary>The exit code for the caller.</summary>
    internal static async Task<int> RunAsync(MountRequest request, CancellationToken ct)
    {
        Native.KeepInheritedDescriptors();
        using Process daemon = Start(request);
        using CancellationTokenRegistration giveUp = ct.Register(daemon.StandardInput.Close);
        if (await daemon.StandardOutput.ReadLineAsync(CancellationToken.None) == DaemonSide.Ready)
        {
            if (request.Verbose)
                Console.WriteLine($"xget: {request.Source} on {request.Directory}: mounted, read-only");
            return MountExit.Done;
        }
        await daemon.WaitForExitAsync(CancellationToken.None);
        if (daemon.ExitCode is MountExit.Usage or MountExit.System or MountExit.Failure)
            return daemon.ExitCode; // it has said why
        throw new UserException($"the daemon ended with {daemon.ExitCode}", MountExit.Failure);
    }

    private static Process Start(MountRequest request)
    {
        string program = Environment.ProcessPath ?? throw new UserException("who am I? /proc is not mounted", MountExit.System);
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (request.Verbose)
            start.ArgumentList.Add("-v");
        if (request.Sloppy)
            start.ArgumentList.Add("-s");
        start.ArgumentList.Insert(0, MountCommand.Name);
        start.ArgumentList.Insert(1, MountCommand.DaemonOption);
        start.ArgumentList.Add("-o");
        start.ArgumentList.Add(request.FromMount ? request.Options + ",ro" : request.Options);
        start.ArgumentList.Add("--");
        start.ArgumentList.Add(request.Source);
        start.ArgumentList.Add(request.Directory);
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new UserException($"cannot start {program}: {e.Message}", MountExit.System);
        }
    }
}
