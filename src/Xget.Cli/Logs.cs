using System.CommandLine;
using Microsoft.Win32.SafeHandles;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Xget.Content.Linux;

namespace Xget.Cli;

/// <summary>Where records go: stderr, a file if asked for, and from a node to the master.</summary>
internal static class Logs
{
    private const string ConsoleTime = "HH:mm:ss.fff";
    private const string FileTime = "yyyy-MM-ddTHH:mm:ss.fffzzz";

    /// <summary>
    /// The log of this process: <paramref name="name"/> stands on each record that bears no other node's, and
    /// <paramref name="least"/> is the console's level when none is asked for. <paramref name="master"/> also gets what is
    /// Information and above.
    /// </summary>
    internal static Logger Create(ParseResult result, CommonOptions options, string name, LogEventLevel least, ILogEventSink? master = null)
    {
        LogEventLevel level = result.GetValue(options.LogLevel)
            ?? (result.GetValue(options.Debug) > 0 ? LogEventLevel.Debug
                : result.GetValue(options.Quiet) ? LogEventLevel.Error : least);
        // Whoever asks for a file and for no level wants to see what happens.
        LogEventLevel inFile = result.GetValue(options.LogLevel) is not null || level < LogEventLevel.Information ? level : LogEventLevel.Information;
        var console = new LineQueue(bytes => StandardStreams.Write(StandardStreams.Error, bytes.Span) == 0);
        return Create(level, console, result.GetValue(options.LogFile), inFile, name, master, endsConsole: true);
    }

    /// <summary>The same with everything given; without <paramref name="console"/>, records go to the file and the master only.</summary>
    internal static Logger Create(LogEventLevel level, LineQueue? console, string? file, LogEventLevel inFile, string name, ILogEventSink? master,
        bool endsConsole = false)
    {
        var configuration = new LoggerConfiguration()
            .MinimumLevel.Is(level < LogEventLevel.Information ? level : LogEventLevel.Information)
            .Enrich.WithProperty(LogLines.Node, name);
        if (console is not null)
            configuration.WriteTo.Sink(new LogLines(console, ConsoleTime, endsConsole ? console : null), level);
        if (file is not null)
        {
            LogFileLines lines = Open(file);
            configuration.WriteTo.Sink(new LogLines(lines.Queue, FileTime, lines), inFile);
        }
        if (master is not null)
            configuration.WriteTo.Sink(master, LogEventLevel.Information);
        return configuration.CreateLogger();
    }

    private static LogFileLines Open(string file) =>
        OwnFile.OpenToAppend(file, out SafeFileHandle opened) is { } reason
            ? throw new UserException($"cannot write the log file {file}: {reason}") : new LogFileLines(opened);
}
