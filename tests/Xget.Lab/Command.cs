using System.Diagnostics;
using System.Text;

namespace Xget.Lab;

/// <summary>Runs short commands of the system to their end.</summary>
public static class Command
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    /// <summary>Runs it; what it printed, or an exception that says what went wrong.</summary>
    public static string Run(string file, params string[] arguments) => Run(file, arguments, null);

    /// <summary>The same with text for its standard input.</summary>
    public static string Run(string file, string[] arguments, string? input)
    {
        (int status, string output, string errors) = Try(file, arguments, input);
        return status == 0
            ? output
            : throw new InvalidOperationException($"{errors}{output}\nexit {status} of {file} {string.Join(' ', arguments)}");
    }

    /// <summary>Runs it; exit status and both outputs. Bytes are taken as Latin-1, so that none is lost.</summary>
    public static (int Status, string Output, string Errors) Try(string file, string[] arguments, string? input = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.Latin1,
            StandardErrorEncoding = Encoding.Latin1,
        };
        start.Environment["LC_ALL"] = "C";
        using Process process = Process.Start(start)!;
        var errors = new StringBuilder();
        process.ErrorDataReceived += (_, line) => errors.AppendLine(line.Data);
        process.BeginErrorReadLine();
        // Whoever takes too long is killed: the pipe then ends, and so does the reading.
        using var deadline = new Timer(_ => process.Kill(), null, Deadline, Timeout.InfiniteTimeSpan);
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.ToString().TrimEnd('\n'));
    }
}
