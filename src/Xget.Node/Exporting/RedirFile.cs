using System.Text;
using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Tree;
using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>
/// <c>/.xget/objects/DIGEST/redir</c>: the striped route. The first read decides; the routes are held until the fid is
/// closed. Writing <c>exclude host!port reason</c> leaves a parent out; the next read from offset 0 tells the new routes.
/// After writing <c>follow</c>, a read behind the end waits until others' coming and going has changed the routes, and
/// tells the new ones.
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
        private readonly CancellationTokenSource _clunked = new();
        private bool _joined;
        private bool _closed;
        private bool _follows;
        private int _changes;
        private byte[] _text = [];

        public override ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
        {
            lock (_gate)
            {
                if (_closed)
                    return new(ReadResult.Failed(Errno.EBADF));
                if (_follows && _joined && offset >= (ulong)_text.Length)
                    return FollowAsync(count, ct);
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

        private async ValueTask<ReadResult> FollowAsync(int count, CancellationToken ct)
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct, _clunked.Token);
            try
            {
                _changes = await cluster.ChangeAsync(session, key.Key, _changes, ended.Token);
            }
            catch (OperationCanceledException)
            {
                return ReadResult.Failed(Errno.EINTR);
            }
            lock (_gate)
            {
                if (_closed)
                    return ReadResult.Failed(Errno.EBADF);
                _text = Encoding.ASCII.GetBytes(RouteLine.Format(cluster.Current(session, key.Key)));
                return ReadResult.Bytes(BytesReader.Slice(_text, 0, count));
            }
        }

        public override ValueTask<WriteResult> WriteAsync(ulong offset, ReadOnlyMemory<byte> data, CancellationToken ct)
        {
            // "follow", "exclude host!port reason", also "exclude me reason".
            string[] words = Encoding.UTF8.GetString(data.Span).TrimEnd('\0', '\n').Split(' ');
            if (words is ["follow"])
            {
                _follows = true;
                return new(new WriteResult(0, data.Length));
            }
            System.Net.IPEndPoint? failed = null;
            if (words.Length < 2 || words[0] != "exclude" ||
                (words[1] != HostPort.Me && !HostPort.TryParse(words[1], out failed)))
                return new(new WriteResult(Errno.EINVAL, 0));
            FailureReason reason = words.Length > 2 ? FailureReasons.Parse(words[2]) : FailureReason.Lost;
            cluster.Exclude(session, key, words[1] == HostPort.Me ? null : failed, reason);
            return new(new WriteResult(0, data.Length));
        }

        public override void Clunked() => _clunked.Cancel();

        public override void Dispose()
        {
            lock (_gate)
            {
                if (_joined && !_closed)
                    cluster.Leave(session, key.Key);
                _closed = true;
            }
            _clunked.Dispose();
            base.Dispose();
        }
    }
}

/// <summary>What a control file is about: the key of its trees, and what people call it.</summary>
/// <param name="Key">A digest, or the path of a file of the paper's tree.</param>
/// <param name="Name">The path of a file with these bytes, for people.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="ChunkSize">Bytes of a chunk; 0 for a file of the paper's tree.</param>
internal readonly record struct ContentKey(object Key, string Name, ulong Size, int ChunkSize = 0);
