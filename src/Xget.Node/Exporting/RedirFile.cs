using System.Net;
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
        /// <summary>Workers that a node may leave out before it asks for routes.</summary>
        private const int MaxLeftOut = 32;

        private readonly Lock _gate = new();
        private readonly CancellationTokenSource _clunked = new();
        private List<IPEndPoint>? _leftOut;
        private bool _joined;
        private bool _closed;
        private bool _follows;
        private int _changes;
        private byte[] _text = [];

        public override ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
        {
            // The node's own worker is proven first, if that is a matter of a moment: then it can be given children at once.
            return !Volatile.Read(ref _joined) && cluster.IsProofPending(session)
                ? WaitAsync(offset, count, ct) : Read(offset, count, ct);
        }

        private async ValueTask<ReadResult> WaitAsync(ulong offset, int count, CancellationToken ct)
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct, _clunked.Token);
            try
            {
                await cluster.PendingProofAsync(session, ended.Token);
            }
            catch (OperationCanceledException)
            {
                return ReadResult.Failed(Errno.EINTR);
            }
            return await Read(offset, count, ct);
        }

        private ValueTask<ReadResult> Read(ulong offset, int count, CancellationToken ct)
        {
            lock (_gate)
            {
                if (_closed)
                    return new(ReadResult.Failed(Errno.EBADF));
                if (_follows && _joined && offset >= (ulong)_text.Length)
                    return FollowAsync(count, ct);
                if (offset == 0)
                {
                    RouteLine[] routes;
                    if (_joined)
                        routes = cluster.Current(session, key.Key);
                    else if (cluster.Join(session, key, _leftOut ?? [], out routes) is var error and not 0)
                        return new(ReadResult.Failed(error));
                    (_joined, _leftOut) = (true, null);
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
            IPEndPoint? failed = null;
            if (words.Length < 2 || words[0] != "exclude" ||
                (words[1] != HostPort.Me && !HostPort.TryParse(words[1], out failed)))
                return new(new WriteResult(Errno.EINVAL, 0));
            FailureReason reason = words.Length > 2 ? FailureReasons.Parse(words[2]) : FailureReason.Lost;
            if (!LeaveOut(failed))
                cluster.Exclude(session, key, failed, reason);
            return new(new WriteResult(0, data.Length));
        }

        /// <summary>Before there are routes nobody has failed this content: the worker is left out, and not reported.</summary>
        private bool LeaveOut(IPEndPoint? failed)
        {
            lock (_gate)
            {
                if (_joined)
                    return false;
                if (failed is not null && (_leftOut ??= []).Count < MaxLeftOut)
                    _leftOut.Add(failed);
                return true;
            }
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
