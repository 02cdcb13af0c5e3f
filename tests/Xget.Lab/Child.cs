using System.Diagnostics;
using System.Globalization;
using Mono.Unix.Native;

namespace Xget.Lab;

/// <summary>
/// A process that runs beside the test, in a network namespace if wanted; its outputs go to files. Killed on Dispose,
/// by its number. Every wait has a deadline and, when that passes, an exception that shows what the process said.
/// </summary>
public sealed class Child : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private readonly Process _process;
    private readonly string _title;
    private readonly string _files;
    private bool _disposed;

    private Child(Process process, string title, string files)
    {
        _process = process;
        _title = title;
        _files = files;
        Pid = process.Id;
    }

    /// <summary>Its number.</summary>
    public int Pid { get; }

    /// <summary>Has it ended?</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Its standard output so far.</summary>
    public string Output => ReadAll(_files + ".out");

    /// <summary>Its standard error so far.</summary>
    public string Errors => ReadAll(_files + ".err");

    /// <summary>Resident memory in KiB now.</summary>
    public long ResidentKiB => StatusKiB("VmRSS:");

    /// <summary>The most resident memory so far, in KiB.</summary>
    public long PeakResidentKiB => StatusKiB("VmHWM:");

    /// <summary>Starts it. <paramref name="outputs"/> is a path without ending for the files of its outputs.</summary>
    public static Child Start(string outputs, string? networkNamespace, string file, params IEnumerable<string> arguments)
    {
        // exec all the way: the number of the shell is the number of the program.
        string[] enter = networkNamespace is null ? [] : ["nsenter", $"--net=/run/netns/{networkNamespace}"];
        string[] command = [.. enter, file, .. arguments];
        var start = new ProcessStartInfo("/bin/sh",
            ["-c", """out=$0; exec "$@" </dev/null >>"$out.out" 2>>"$out.err" """, outputs, .. command]);
        start.Environment["LC_ALL"] = "C";
        return new Child(Process.Start(start)!, string.Join(' ', command), outputs);
    }

    /// <summary>Sends a signal.</summary>
    public void Signal(Signum signal)
    {
        if (!_process.HasExited)
        {
            _ = Syscall.kill(Pid, signal);
        }
    }

    /// <summary>Its exit status (128 + n when signal n ended it).</summary>
    public async Task<int> ExitAsync(TimeSpan deadline)
    {
        using var timer = new CancellationTokenSource(deadline);
        try
        {
            await _process.WaitForExitAsync(timer.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"still running after {deadline.TotalSeconds} s\n{Story}");
        }

        return _process.ExitCode;
    }

    /// <summary>Waits for it to end with this status.</summary>
    public async Task ExpectExitAsync(int status, TimeSpan deadline)
    {
        int got = await ExitAsync(deadline);
        if (got != status)
        {
            throw new InvalidOperationException($"exit {got}, expected {status}\n{Story}");
        }
    }

    /// <summary>The first line of either output that fits.</summary>
    public Task<string> LineAsync(Func<string, bool> fits, TimeSpan deadline) => UntilAsync(
        () => Output.Split('\n').Concat(Errors.Split('\n')).FirstOrDefault(fits), deadline);

    /// <summary>Looks again and again until there is something, as long as the process runs.</summary>
    public async Task<T> UntilAsync<T>(Func<T?> look, TimeSpan deadline)
        where T : class
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            bool ended = _process.HasExited;
            if (look() is { } found)
            {
                return found;
            }

            if (ended || Stopwatch.GetElapsedTime(started) > deadline)
            {
                throw new TimeoutException($"what was waited for did not come\n{Story}");
            }

            await Task.Delay(Poll);
        }
    }

    /// <summary>All that is known of it, for a failing test's message.</summary>
    public string Story => string.Join('\n',
        _title, _process.HasExited ? $"ended with {_process.ExitCode}" : "runs",
        "--- out", Tail(Output), "--- err", Tail(Errors));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Signal(Signum.SIGKILL);
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string Tail(string text) => text.Length <= 4000 ? text : "..." + text[^4000..];

    private static string ReadAll(string path)
    {
        try
        {
            using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return file.ReadToEnd();
        }
        catch (FileNotFoundException)
        {
            return "";
        }
    }

    private long StatusKiB(string field)
    {
        string line = File.ReadLines($"/proc/{Pid}/status").First(l => l.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line[field.Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
    }
}
