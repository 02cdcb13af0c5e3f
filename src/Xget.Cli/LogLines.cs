using System.Globalization;
using Serilog.Core;
using Serilog.Events;
using Serilog.Parsing;
using Xget.Node.Wire;

namespace Xget.Cli;

/// <summary>
/// Writes records as lines of text: time, level, node, message. Thread-safe. By hand, since Serilog's own sinks for
/// console and files would be 0.2 MB of the binary.
/// </summary>
/// <param name="writer">Where to; flushed after each record.</param>
/// <param name="timeFormat">How the time stands in front.</param>
/// <param name="closes">Whether the writer is closed with the log.</param>
internal sealed class LogLines(TextWriter writer, string timeFormat, bool closes = false) : ILogEventSink, IDisposable
{
    /// <summary>The property that holds the name of the node that a record is from.</summary>
    internal const string Node = "Node";

    private readonly Lock _gate = new();

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
        line.WriteLine();
        if (logEvent.Exception is { } exception)
            line.WriteLine(exception);
        lock (_gate)
        {
            writer.Write(line.ToString());
            writer.Flush();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (closes)
            writer.Dispose();
    }

    /// <summary>A property's text without quotes; null for what is no text.</summary>
    private static string? TextOf(LogEvent record, string name) =>
        record.Properties.TryGetValue(name, out LogEventPropertyValue? value) ? (value as ScalarValue)?.Value as string : null;
}
