using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Tree;

namespace Xget.Node.Exporting;

/// <summary>A read-only <see cref="SharedText"/>: the first read of a fid takes it. ESTALE if it is read too slowly.</summary>
internal sealed class SharedTextFile(ServedFile parent, string name, ulong id, SharedText text) : TreeFile(parent, name, id, ReadMode)
{
    public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
    {
        file = flags.IsReadOnly() ? new Hold(text) : null;
        return file is null ? Errno.EACCES : 0;
    }

    private sealed class Hold(SharedText text) : OpenFile
    {
        private readonly Lock _gate = new();
        private Task<SharedText.Copy>? _taken;

        public override async ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
        {
            Task<SharedText.Copy> taking;
            lock (_gate)
                taking = _taken ??= text.TakeAsync().AsTask();
            SharedText.Copy copy = await taking;
            return copy.Bytes is { } bytes ? ReadResult.Bytes(BytesReader.Slice(bytes, offset, count)) : ReadResult.Failed(Errno.ESTALE);
        }

        public override void Dispose()
        {
            // Comes after the reads in flight.
            if (_taken is { IsCompletedSuccessfully: true } taken)
                text.Return(taken.Result);
            base.Dispose();
        }
    }
}
