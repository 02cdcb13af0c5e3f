using System.Text;
using Mono.Unix.Native;
using Xget.Content;
using Xget.NineP;
using Xget.Node.Tree;
using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>
/// <c>/.xget/next</c>: write the root digest that is known; a read from offset 0 then waits until another generation is
/// published, and says which, as <c>generation</c> does. A connection is answered five times a second at the most.
/// </summary>
internal sealed class NextFile(ServedFile parent, ulong id, Publications publications, Func<Generation, GenerationText> say,
    TimeProvider time) : TreeFile(parent, Names.Next, id, ReadWriteMode)
{
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(200);

    public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
    {
        file = peer.Tag is NodeSession session ? new Hold(session, publications, say, time) : null;
        return file is null ? Errno.EIO : 0;
    }

    private sealed class Hold(NodeSession session, Publications publications, Func<Generation, GenerationText> say, TimeProvider time)
        : OpenFile
    {
        private Digest _known;
        private byte[] _text = [];

        public override async ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
        {
            if (offset == 0)
            {
                try
                {
                    if (Pause() is { Ticks: > 0 } pause)
                        await Task.Delay(pause, time, ct);
                    _text = Encoding.ASCII.GetBytes(say(await publications.OtherThanAsync(_known, ct)).Format());
                }
                catch (OperationCanceledException)
                {
                    return ReadResult.Failed(Errno.EINTR);
                }
            }
            return ReadResult.Bytes(BytesReader.Slice(_text, offset, count));
        }

        /// <summary>Takes the connection's next turn to be answered: how long it is until then.</summary>
        private TimeSpan Pause()
        {
            long now = time.GetTimestamp();
            long step = (long)(LeastPause.TotalSeconds * time.TimestampFrequency);
            while (true)
            {
                long next = Volatile.Read(ref session.NextTurn);
                long turn = Math.Max(now, next);
                if (Interlocked.CompareExchange(ref session.NextTurn, turn + step, next) == next)
                    return time.GetElapsedTime(now, turn);
            }
        }

        public override ValueTask<WriteResult> WriteAsync(ulong offset, ReadOnlyMemory<byte> data, CancellationToken ct) =>
            new(Digest.TryParse(data.Span.TrimEnd("\0\n"u8), out _known) ? new WriteResult(0, data.Length) : new WriteResult(Errno.EINVAL, 0));
    }
}
