using System.Globalization;
using System.Text;
using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Tree;
using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>
/// <c>/.xget/objects/DIGEST/avail</c>: the first write is the port that the node serves from; it is a worker until the
/// fid is closed, once the master has reached it. Later writes are <c>have BYTES MISSING</c>, its progress. A read after the
/// first write waits until it is known whether the node can be reached, and says so.
/// </summary>
internal sealed class AvailFile(ServedFile parent, ContentKey key, ulong id, Cluster cluster)
    : TreeFile(parent, Names.Avail, id, ReadWriteMode)
{
    public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
    {
        file = peer.Tag is NodeSession session ? new Hold(cluster, session, key) : null;
        return file is null ? Errno.EIO : 0;
    }

    private sealed class Hold(Cluster cluster, NodeSession session, ContentKey key) : OpenFile
    {
        private readonly Lock _gate = new();
        private bool _advertised;
        private readonly CancellationTokenSource _clunked = new();
        private bool _closed;
        private byte[] _text = [];

        public override async ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
        {
            if (!Volatile.Read(ref _advertised))
                return ReadResult.Failed(Errno.EACCES);
            if (offset == 0)
            {
                using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct, _clunked.Token);
                try
                {
                    _text = Encoding.UTF8.GetBytes(await cluster.ReachableAsync(session, ended.Token));
                }
                catch (OperationCanceledException)
                {
                    return ReadResult.Failed(Errno.EINTR);
                }
            }
            return ReadResult.Bytes(BytesReader.Slice(_text, offset, count));
        }

        public override ValueTask<WriteResult> WriteAsync(ulong offset, ReadOnlyMemory<byte> data, CancellationToken ct)
        {
            string text = Encoding.ASCII.GetString(data.Span).TrimEnd('\0', '\n');
            lock (_gate)
                return new(Write(text) is var error and not 0 ? new WriteResult(error, 0) : new WriteResult(0, data.Length));
        }

        private Errno Write(string text)
        {
            if (_closed)
                return Errno.EBADF;
            if (!_advertised)
            {
                if (!HostPort.TryParsePort(text, out int port))
                    return Errno.EINVAL;
                Errno refused = cluster.Advertise(session, key, port);
                _advertised = refused == 0;
                return refused;
            }
            string[] words = text.Split(' ');
            ulong missing = 0;
            if (words.Length < 2 || words[0] != "have" || !TryParse(words[1], out ulong have) ||
                (words.Length > 2 && !TryParse(words[2], out missing)))
                return Errno.EINVAL;
            cluster.Progress(session, key.Key, have, missing);
            return 0;
        }

        private static bool TryParse(string word, out ulong bytes) =>
            ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out bytes);

        public override void Clunked() => _clunked.Cancel();

        public override void Dispose()
        {
            lock (_gate)
            {
                if (_advertised && !_closed)
                    cluster.Withdraw(session, key.Key);
                _closed = true;
            }
            _clunked.Dispose();
            base.Dispose();
        }
    }
}
