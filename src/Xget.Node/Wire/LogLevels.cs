using Serilog.Events;

namespace Xget.Node.Wire;

/// <summary>The words of log levels.</summary>
public static class LogLevels
{
    /// <summary>The three letters that stand for a level on the wire, and in the logs that people read.</summary>
    public static string Letters(this LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose => "VRB",
        LogEventLevel.Debug => "DBG",
        LogEventLevel.Information => "INF",
        LogEventLevel.Warning => "WRN",
        LogEventLevel.Error => "ERR",
        _ => "FTL",
    };
}
