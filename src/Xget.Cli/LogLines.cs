using System.Globalization;
using Serilog.Core;
using Serilog.Events;
using Serilog.Parsing;
using Xget.Node.Wire;

namespace Xget.Cli;

/// <summary>
/// Makes records to lines of text: time, level, node, message. Never waits for who takes them. Thread-safe. By hand, since Serilog's
/// own sinks for console and files would be 0.2 MB of the binary.
/// </summary>
/// <param name="queue">Where to.</param>
/// <param name="timeFormat">How the time stands in front.</param>
/// <param name="ends">Ended with the log; null if the queue lives on.</param>
internal sealed class LogLines(LineQueue queue, string timeFormat, IDisposable? ends = null) : ILogEventSink, IDisposable
{
    /// <summary>The property that holds the name of the node that a record is from.</summary>
    internal const string Node = "Node";

    /// <summary>Characters of a record that are shown.</summary>
    internal const int MaxLength = 4096;

    /// <inheritdoc/>
    public void Emit(LogEvent logEvent)
    {
        var line = new StringWriter(CultureInfo.InvariantCulture);
        line.Write(logEvent.Timestamp.ToString(timeFormat, CultureInfo.InvariantCulture));
        line.Write($" {logEvent.Level.Letters()} {TextOf(logEvent, Node)}: ");
        foreach (MessageTemplateToken token in logEvent.MessageTemplate.Tokens)
        {
            if (token is PropertyToken property && TextOf(logEvent, property.PropertyName) is { } text)
                line.Write(text);
            else
                token.Render(logEvent.Properties, line, CultureInfo.InvariantCulture);
        }
        string shown = WireText.OneLine(line.ToString(), MaxLength) + "\n";
        queue.Add(logEvent.Exception is { } exception ? $"{shown}{WireText.Lines(exception.ToString())}\n" : shown);
    }

    /// <inheritdoc/>
    public void Dispose() => ends?.Dispose();

    /// <summary>A property's text without quotes; null for what is no text.</summary>
    private static string? TextOf(LogEvent record, string name) =>
        record.Properties.TryGetValue(name, out LogEventPropertyValue? value) ? (value as ScalarValue)?.Value as string : null;
}
