using System.Text;
using Mono.Unix.Native;
using Xget.Content;
using Xget.NineP;
using Xget.Node.Tree;
using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>
/// <c>/.xget/next</c>: write the root digest that is known; a read from offset 0 then waits until another generation is
/// published, and says which, as <c>generation</c> does.
/// </summary>
internal sealed class NextFile(ServedFile parent, ulong id, Publications publications, Func<Generation, GenerationText> say)
    : TreeFile(parent, Names.Next, id, ReadWriteMode)
{
    public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
    {
        file = new Hold(publications, say);
        return 0;
    }

    private sealed class Hold(Publications publications, Func<Generation, GenerationText> say) : OpenFile
    {
        private Digest _known;
        private byte[] _text = [];

        public override async ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
        {
            if (offset == 0)
            {
                try
                {
                    _text = Encoding.ASCII.GetBytes(say(await publications.OtherThanAsync(_known, ct)).Format());
                }
                catch (OperationCanceledException)
                {
                    return ReadResult.Failed(Errno.EINTR);
                }
            }
            return ReadResult.Bytes(BytesReader.Slice(_text, offset, count));
        }

        public override ValueTask<WriteResult> WriteAsync(ulong offset, ReadOnlyMemory<byte> data, CancellationToken ct) =>
            new(Digest.TryParse(data.Span.TrimEnd("\0\n"u8), out _known) ? new WriteResult(0, data.Length) : new WriteResult(Errno.EINVAL, 0));
    }
}
