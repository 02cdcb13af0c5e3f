using System.Text;
using System.Threading.Channels;
using Mono.Unix.Native;
using Serilog.Core;
using Serilog.Events;
using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>
/// Sends a node's records to the master's log, so that one console shows the whole cluster. Records wait while there is
/// no connection; when too many wait, the oldest are dropped. Never slows the node.
/// </summary>
public sealed class MasterLogSink : ILogEventSink
{
    private const int Waiting = 200;
    private const int MaxLength = 1024;

    private readonly Channel<string> _records = Channel.CreateBounded<string>(
        new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <inheritdoc/>
    public void Emit(LogEvent logEvent)
    {
        string text = $"{logEvent.Level.Letters()} {logEvent.RenderMessage(System.Globalization.CultureInfo.InvariantCulture)}";
        _records.Writer.TryWrite(text.Length > MaxLength ? text[..MaxLength] : text);
    }

    /// <summary>No record comes any more; <see cref="RunAsync"/> ends when those that wait are sent.</summary>
    internal void Complete() => _records.Writer.TryComplete();

    internal async Task RunAsync(MasterLink master, CancellationToken ct)
    {
        MasterLink.Attachment? open = null;
        uint fid = 0;
        await foreach (string record in _records.Reader.ReadAllAsync(ct))
        {
            (MasterLink.Attachment? attachment, _) = await master.GetAsync(ct);
            if (attachment is null)
                continue;
            if (attachment != open)
            {
                fid = attachment.Client.NewFid();
                open = attachment;
                ReadOnlyMemory<byte>[] path = [Encoding.UTF8.GetBytes(Names.Xget), Encoding.UTF8.GetBytes(Names.Log)];
                await attachment.Client.WalkAsync(MasterLink.RootFid, fid, path, ct);
                await attachment.Client.OpenAsync(fid, OpenFlags.O_WRONLY, ct);
            }
            await attachment.Client.WriteAsync(fid, 0, Encoding.UTF8.GetBytes(record), ct);
        }
    }
}
