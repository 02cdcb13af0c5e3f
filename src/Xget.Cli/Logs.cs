using System.CommandLine;
using System.Globalization;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Display;
using Serilog.Sinks.File;

namespace Xget.Cli;

/// <summary>Where records go: stderr, a file if asked for, and from a node to the master.</summary>
internal static class Logs
{
    private const string Template = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Node}: {Message:lj}{NewLine}{Exception}";
    private const string FileTemplate = "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Level:u3} {Node}: {Message:lj}{NewLine}{Exception}";

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
        return Create(level, console: true, result.GetValue(options.LogFile), name, master);
    }

    /// <summary>The same with everything given; without a console, records go to the file and the master only.</summary>
    internal static Logger Create(LogEventLevel level, bool console, string? file, string name, ILogEventSink? master)
    {
        var configuration = new LoggerConfiguration()
            .MinimumLevel.Is(level < LogEventLevel.Information ? level : LogEventLevel.Information)
            .Enrich.WithProperty("Node", name);
        if (console)
            configuration.WriteTo.Console(level, Template, CultureInfo.InvariantCulture, standardErrorFromLevel: LogEventLevel.Verbose);
        if (file is not null)
        {
            try
            {
                // Opened here first: the sink itself would keep an error to itself.
                File.Open(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite).Dispose();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new UserException($"cannot write the log file {file}: {e.Message}");
            }
            // Not WriteTo.File, which drags rolling files and with them regular expressions into the binary (0.4 MB).
#pragma warning disable CS0618
            configuration.WriteTo.Sink(new FileSink(file, new MessageTemplateTextFormatter(FileTemplate, CultureInfo.InvariantCulture), null),
                level < LogEventLevel.Information ? level : LogEventLevel.Information);
#pragma warning restore CS0618
        }
        if (master is not null)
            configuration.WriteTo.Sink(master, LogEventLevel.Information);
        return configuration.CreateLogger();
    }
}
