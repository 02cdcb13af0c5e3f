using Mono.Unix.Native;
using Serilog;
using Xget.Content.Linux;

namespace Xget.Mount;

/// <summary>
/// Logs why files could not be read: each reason once for a file, and no more lines in a minute than an administrator can
/// read. Thread-safe.
/// </summary>
internal sealed class ReadFailures(TimeProvider time, ILogger log)
{
    /// <summary>Lines a minute; what comes beyond is counted and told with the next line.</summary>
    internal const int MaxLines = 30;

    /// <summary>Files that are remembered; then all are forgotten.</summary>
    internal const int MaxRemembered = 1000;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, string> _told = [];
    private long _minuteBegan = time.GetTimestamp();
    private int _lines;
    private int _dropped;

    /// <summary>A read of a file failed.</summary>
    /// <param name="inode">The file.</param>
    /// <param name="error">What its reader gets.</param>
    /// <param name="reason">Why, if more is known than the error.</param>
    internal void Tell(Inode inode, Errno error, string? reason)
    {
        int dropped;
        reason ??= Words.Of(error);
        lock (_gate)
        {
            if (_told.Count >= MaxRemembered)
                _told.Clear();
            if (_told.TryGetValue(inode.NodeId, out string? told) && told == reason)
                return;
            _told[inode.NodeId] = reason;
            if (time.GetElapsedTime(_minuteBegan) >= Minute)
                (_minuteBegan, _lines) = (time.GetTimestamp(), 0);
            if (_lines >= MaxLines)
            {
                _dropped++;
                return;
            }
            _lines++;
            (dropped, _dropped) = (_dropped, 0);
        }
        if (dropped > 0)
            log.Warning("{Count} failed reads of other files were not logged", dropped);
        log.Warning("{File:l}: {Errno}: {Reason:l}", inode.ToString(), error, reason);
    }

    /// <summary>It can be read again: a later failure is told anew.</summary>
    internal void Forget(Inode inode)
    {
        if (_told.Count == 0)
            return;
        lock (_gate)
            _told.Remove(inode.NodeId);
    }
}
