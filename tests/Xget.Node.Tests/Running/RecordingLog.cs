using System.Collections.Concurrent;
using System.Globalization;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace Xget.Node.Tests;

/// <summary>A log whose records a test can look at: <c>Level node: text</c>.</summary>
internal sealed class RecordingLog : ILogEventSink
{
    private readonly ConcurrentQueue<string> _records = new();

    public RecordingLog() => Logger = new LoggerConfiguration().MinimumLevel.Verbose().WriteTo.Sink(this).CreateLogger();

    public ILogger Logger { get; }

    public IReadOnlyCollection<string> Records => _records;

    public void Emit(LogEvent logEvent)
    {
        string node = logEvent.Properties.TryGetValue("Node", out LogEventPropertyValue? value)
            ? value.ToString("l", CultureInfo.InvariantCulture) : "";
        _records.Enqueue($"{logEvent.Level} {node}: {logEvent.RenderMessage(CultureInfo.InvariantCulture)}");
    }

    /// <summary>Whether one record has all of these parts.</summary>
    public bool Has(params string[] parts) =>
        _records.Any(r => Array.TrueForAll(parts, p => r.Contains(p, StringComparison.Ordinal)));
}
