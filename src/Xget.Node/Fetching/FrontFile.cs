using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Tree;
using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>
/// <c>/.xget/objects/DIGEST/front</c> of a worker: how far it is, a line of 20 digits per stripe. A read gives the line of the
/// stripe that it begins in, and waits until that is known.
/// </summary>
internal sealed class FrontFile(ServedFile parent, ulong id, Transfer transfer) : TreeFile(parent, Names.Front, id, ReadMode)
{
    public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
    {
        file = flags.IsReadOnly() ? new Reader(transfer) : null;
        return file is null ? Errno.EACCES : 0;
    }

    private sealed class Reader(Transfer transfer) : OpenFile
    {
        public override async ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
        {
            (ulong stripe, ulong within) = Math.DivRem(offset, (ulong)FrontLine.Length);
            if (stripe >= RouteLine.MaxStripes)
                return ReadResult.Bytes(default);
            ulong? front = null;
            try
            {
                while (transfer.Front((int)stripe, out front) is { } placed)
                    await placed.WaitAsync(ct);
            }
            catch (OperationCanceledException)
            {
                return ReadResult.Failed(Errno.EINTR);
            }
            return ReadResult.Bytes(front is { } known ? BytesReader.Slice(FrontLine.Format(known), within, count) : default);
        }
    }
}
