using System.ComponentModel;
using System.Diagnostics;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Cli.Mounting;

/// <summary>
/// Starts the daemon, this same program once more, and waits for what becomes of the mount. The daemon's stdout is a
/// pipe on which it says when it is ready, its stdin one whose end tells it that nobody waits any more, and its stderr
/// is the caller's until it is ready.
/// </summary>
internal static class Launcher
{
    /// <summary>The exit code for the caller.</summary>
    internal static int Run(MountRequest request, CancellationToken ct)
    {
        Native.KeepInheritedDescriptors();
        using Process daemon = Start(request);
        using CancellationTokenRegistration giveUp = ct.Register(daemon.StandardInput.Close);
        // This process has nothing else to do, and threads for waiting without blocking would take it a millisecond to start.
        switch (daemon.StandardOutput.ReadLine())
        {
            case DaemonSide.Ready:
                if (request.Verbose)
                    StandardStreams.Say($"{request.Source} on {request.Directory}: mounted, read-only");
                return MountExit.Done;
            case DaemonSide.Trying:
                return MountExit.Done; // it has said so
            default:
                break;
        }
        daemon.WaitForExit();
        if (daemon.ExitCode is MountExit.Usage or MountExit.System or MountExit.Failure)
            return daemon.ExitCode; // it has said why
        throw new UserException($"the process that was to serve the mount ended with status {daemon.ExitCode} and did not say why", MountExit.Failure);
    }

    private static Process Start(MountRequest request)
    {
        string program = Environment.ProcessPath ?? throw new UserException("/proc is not mounted, where the program looks for its own name", MountExit.System);
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (string word in HelperCall.ForDaemon(request))
            start.ArgumentList.Add(word);
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new UserException($"cannot start {program}: {Words.Of((Errno)e.NativeErrorCode)}", MountExit.System);
        }
    }
}
