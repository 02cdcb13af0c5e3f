using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Tree;

namespace Xget.Node.Exporting;

/// <summary>
/// Where nodes write their records, one a write. Reading the paper's <c>/log</c> gives the debug mask, reading
/// <c>/.xget/log</c> the latest records.
/// </summary>
/// <param name="parent">The directory.</param>
/// <param name="name">Its name there.</param>
/// <param name="id">Its qid path.</param>
/// <param name="log">Where the records go.</param>
/// <param name="nameOf">What a peer is called in the log.</param>
/// <param name="mask">What a read gives; null: the latest records.</param>
internal sealed class LogFile(ServedFile parent, string name, ulong id, ClusterLog log,
    Func<ServerConnection, string> nameOf, ReadOnlyMemory<byte>? mask)
    : TreeFile(parent, name, id, ReadWriteMode)
{
    public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
    {
        file = new Hold(log, peer, nameOf, mask);
        return 0;
    }

    /// <summary>Holds nothing that grows: whatever number of fids is open, the text of the records is there once.</summary>
    private sealed class Hold(ClusterLog log, ServerConnection peer, Func<ServerConnection, string> nameOf, ReadOnlyMemory<byte>? mask)
        : OpenFile
    {
        private RecordReader? _reader;

        public override ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
        {
            if (mask is { } text)
                return new(ReadResult.Bytes(BytesReader.Slice(text, offset, count)));
            if (_reader is null)
                Interlocked.CompareExchange(ref _reader, new RecordReader(log.Latest), null);
            return new(_reader.Read(offset, count));
        }

        public override ValueTask<WriteResult> WriteAsync(ulong offset, ReadOnlyMemory<byte> data, CancellationToken ct)
        {
            log.Add(peer.Remote, nameOf(peer), data.Span);
            return new(new WriteResult(0, data.Length));
        }
    }
}
