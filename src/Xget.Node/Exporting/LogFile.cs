using System.Text;
using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Tree;

namespace Xget.Node.Exporting;

/// <summary>
/// Where nodes write their records, one a write. Reading the paper's <c>/log</c> gives the debug mask, reading
/// <c>/.xget/log</c> the latest records.
/// </summary>
internal sealed class LogFile(ServedFile parent, string name, ulong id, ClusterLog log,
    Func<ServerConnection, string> nameOf, Func<string> read)
    : TreeFile(parent, name, id, ReadWriteMode)
{
    public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
    {
        file = new Hold(log, nameOf(peer), Encoding.UTF8.GetBytes(read()));
        return 0;
    }

    private sealed class Hold(ClusterLog log, string node, byte[] text) : OpenFile
    {
        public override ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct) =>
            new(ReadResult.Bytes(BytesReader.Slice(text, offset, count)));

        public override ValueTask<WriteResult> WriteAsync(ulong offset, ReadOnlyMemory<byte> data, CancellationToken ct)
        {
            log.Add(node, Encoding.UTF8.GetString(data.Span));
            return new(new WriteResult(0, data.Length));
        }
    }
}
