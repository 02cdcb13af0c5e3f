using System.Net;
using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Tree;
using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>
/// <c>/.xget/publish</c>: a write makes the master look at its directory and publish what has changed. Only for processes
/// on the master's own machine; EACCES for others.
/// </summary>
internal sealed class PublishFile(ServedFile parent, ulong id, Action request) : TreeFile(parent, Names.Publish, id, WriteMode)
{
    public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
    {
        bool isHere = peer.Remote is IPEndPoint remote && peer.Local is IPEndPoint local && remote.Address.Equals(local.Address);
        file = isHere ? new Hold(request) : null;
        return isHere ? 0 : Errno.EACCES;
    }

    private sealed class Hold(Action request) : OpenFile
    {
        public override ValueTask<WriteResult> WriteAsync(ulong offset, ReadOnlyMemory<byte> data, CancellationToken ct)
        {
            request();
            return new(new WriteResult(0, data.Length));
        }
    }
}
