using System.Text;
using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Tree;
using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>
/// <c>/.xget/objects/DIGEST/redir</c>: the striped route. The first read decides; the routes are held until the fid is
/// closed. Writing <c>exclude host!port reason</c> leaves a parent out; the next read from offset 0 tells the new routes.
/// </summary>
internal sealed class RedirFile(ServedFile parent, ContentKey key, ulong id, Cluster cluster)
    : TreeFile(parent, Names.Redir, id, ReadWriteMode)
{
    public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
    {
        file = peer.Tag is NodeSession session ? new Hold(cluster, session, key) : null;
        return file is null ? Errno.EIO : 0;
    }

    private sealed class Hold(Cluster cluster, NodeSession session, ContentKey key) : OpenFile
    {
        private readonly Lock _gate = new();
        private bool _joined;
        private bool _closed;
        private byte[] _text = [];

        public override ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
        {
            lock (_gate)
            {
                if (_closed)
                    return new(ReadResult.Failed(Errno.EBADF));
                if (offset == 0)
                {
                    RouteLine[] routes = _joined ? cluster.Current(session, key.Key)
                        : cluster.Join(session, key);
                    _joined = true;
                    _text = Encoding.ASCII.GetBytes(RouteLine.Format(routes));
                }
                return new(ReadResult.Bytes(BytesReader.Slice(_text, offset, count)));
            }
        }

        public override ValueTask<WriteResult> WriteAsync(ulong offset, ReadOnlyMemory<byte> data, CancellationToken ct)
        {
            // "exclude host!port reason", also "exclude me reason".
            string[] words = Encoding.UTF8.GetString(data.Span).TrimEnd('\0', '\n').Split(' ');
            System.Net.IPEndPoint? failed = null;
            if (words.Length < 2 || words[0] != "exclude" ||
                (words[1] != HostPort.Me && !HostPort.TryParse(words[1], out failed)))
                return new(new WriteResult(Errno.EINVAL, 0));
            FailureReason reason = words.Length > 2 ? FailureReasons.Parse(words[2]) : FailureReason.Lost;
            cluster.Exclude(session, key, words[1] == HostPort.Me ? null : failed, reason);
            return new(new WriteResult(0, data.Length));
        }

        public override void Dispose()
        {
            lock (_gate)
            {
                if (_joined && !_closed)
                    cluster.Leave(session, key.Key);
                _closed = true;
            }
            base.Dispose();
        }
    }
}

/// <summary>What a control file is about: the key of its trees, and what people call it.</summary>
/// <param name="Key">A digest, or the path of a file of the paper's tree.</param>
/// <param name="Name">The path of a file with these bytes, for people.</param>
/// <param name="Size">Size in bytes.</param>
internal readonly record struct ContentKey(object Key, string Name, ulong Size);
