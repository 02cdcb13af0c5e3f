using System.Net;
using System.Text;
using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Tree;
using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>
/// <c>/.xget/publish</c>: a write makes the master look at its directory and publish what has changed; a read then waits
/// for the end of that, and says what became of it. Only for processes on the master's own machine; EACCES for others.
/// </summary>
internal sealed class PublishFile(ServedFile parent, ulong id, Func<Task<PublishReport>>? request)
    : TreeFile(parent, Names.Publish, id, ReadWriteMode)
{
    public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
    {
        bool isHere = peer.Remote is IPEndPoint remote && peer.Local is IPEndPoint local && remote.Address.Equals(local.Address);
        file = isHere && request is not null ? new Hold(request) : null;
        return file is null ? Errno.EACCES : 0;
    }

    private sealed class Hold(Func<Task<PublishReport>> request) : OpenFile
    {
        private Task<PublishReport>? _asked;
        private byte[]? _text;

        public override ValueTask<WriteResult> WriteAsync(ulong offset, ReadOnlyMemory<byte> data, CancellationToken ct)
        {
            _asked = request();
            _text = null;
            return new(new WriteResult(0, data.Length));
        }

        public override async ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
        {
            if (_asked is not { } asked)
                return ReadResult.Failed(Errno.EINVAL);
            try
            {
                byte[] text = _text ?? Encoding.UTF8.GetBytes((await asked.WaitAsync(ct)).Format());
                _text = text;
                return ReadResult.Bytes(BytesReader.Slice(text, offset, count));
            }
            catch (OperationCanceledException)
            {
                return ReadResult.Failed(Errno.EINTR);
            }
        }
    }
}
