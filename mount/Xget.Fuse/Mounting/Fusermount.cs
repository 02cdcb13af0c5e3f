using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>
/// The set-user-id program that mounts for ordinary users. It is started, mounts, passes the device's descriptor back
/// over a socket that it inherits, and ends.
/// </summary>
internal static class Fusermount
{
    private const string SocketVariable = "_FUSE_COMMFD";

    public static async Task<FuseDevice> MountAsync(string target, MountOptionSplit split, MountOptions options,
        CancellationToken ct)
    {
        (SafeFileHandle ours, SafeFileHandle theirs) = SocketPair.Create();
        using (ours)
        {
            ProcessStartInfo start = Start(options, "-o", split.FusermountOptions(options.Source, options.Subtype), "--",
                target);
            start.Environment[SocketVariable] = theirs.DangerousGetHandle().ToString(CultureInfo.InvariantCulture);
            string trouble;
            using (theirs)
            {
                SocketPair.Inherit(theirs);
                trouble = await RunAsync(start, ct);
            }

            SafeFileHandle? device = SocketPair.Receive(ours);
            return device is not null
                ? new FuseDevice(device)
                : throw new FuseException(Errno.EPERM, $"cannot mount on {target}: {trouble}");
        }
    }

    public static async Task<Errno> UnmountAsync(string target, bool detach, MountOptions options)
    {
        ProcessStartInfo start = detach
            ? Start(options, "-u", "-z", "--", target)
            : Start(options, "-u", "--", target);
        string trouble = await RunAsync(start, CancellationToken.None);
        if (trouble.Length == 0)
        {
            return 0;
        }

        return trouble.Contains("busy", StringComparison.OrdinalIgnoreCase) ? Errno.EBUSY : Errno.EPERM;
    }

    private static ProcessStartInfo Start(MountOptions options, params ReadOnlySpan<string> arguments)
    {
        ProcessStartInfo start = new(Find(options.Fusermount))
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    /// <summary>mount(8) leaves no PATH to the helper that it starts for an ordinary user.</summary>
    private static string Find(string program)
    {
        if (program.Contains('/', StringComparison.Ordinal))
        {
            return program;
        }

        string path = Environment.GetEnvironmentVariable("PATH") ?? "";
        string[] directories = [.. path.Split(':', StringSplitOptions.RemoveEmptyEntries), "/usr/bin", "/bin"];
        return Array.Find(Array.ConvertAll(directories, d => Path.Combine(d, program)), File.Exists) ?? program;
    }

    /// <summary>Runs it to its end: empty if that was well, else why not, in one line.</summary>
    private static async Task<string> RunAsync(ProcessStartInfo start, CancellationToken ct)
    {
        try
        {
            using Process process = Process.Start(start)!;
            string said = await process.StandardError.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            if (process.ExitCode == 0)
            {
                return "";
            }

            string line = said.Trim().ReplaceLineEndings("; ");
            return line.Length > 0
                ? line
                : string.Create(CultureInfo.InvariantCulture, $"{start.FileName} ended with {process.ExitCode}");
        }
        catch (Win32Exception)
        {
            return $"this needs root or the program {start.FileName} (package fuse3)";
        }
    }
}
