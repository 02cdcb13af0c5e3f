using System.Threading.Tasks.Sources;
using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>Turns a reply's body, whose layout is checked, into its value; false if it cannot be an answer.</summary>
/// <param name="dialect">The dialect spoken.</param>
/// <param name="asked">How much was asked for: names of a walk, bytes of a write.</param>
/// <param name="body">What follows the tag.</param>
/// <param name="reply">The answer.</param>
internal delegate bool Decoder<T>(Dialect dialect, int asked, ReadOnlySpan<byte> body, out Reply<T> reply);

/// <summary>
/// A request in flight whose answer is a <typeparamref name="T"/>. Reused, so that a request allocates nothing; whoever
/// awaits it goes on elsewhere than on the receiving side, but for a read: its data are warm there.
/// </summary>
internal sealed class PendingRequest<T> : PendingRequest, IValueTaskSource<Reply<T>>
{
    private const int MostKept = 256;
    private static readonly Lock Gate = new();
    private static readonly Stack<PendingRequest<T>> Spare = [];

    private ManualResetValueTaskSourceCore<Reply<T>> _core;
    private Decoder<T>? _decode;
    private int _asked;

    public ValueTask<Reply<T>> Task => new(this, _core.Version);

    public static PendingRequest<T> Rent(MessageType replyType, Decoder<T>? decode, int asked = 0)
    {
        PendingRequest<T>? request;
        lock (Gate)
        {
            Spare.TryPop(out request);
        }

        request ??= new PendingRequest<T>();
        request.ReplyType = replyType;
        request._core.RunContinuationsAsynchronously = replyType != MessageType.Rread;
        request._decode = decode;
        request._asked = asked;
        return request;
    }

    public override void Fail(Errno error, string? text = null) =>
        _core.SetResult(new Reply<T>(error, default!, text));

    public void Succeed(T value) => _core.SetResult(new Reply<T>(0, value));

    public override bool TryDecode(Dialect dialect, ReadOnlySpan<byte> body)
    {
        if (_decode is null || !_decode(dialect, _asked, body, out Reply<T> reply))
        {
            return false;
        }

        _core.SetResult(reply);
        return true;
    }

    public Reply<T> GetResult(short token)
    {
        // Waits for a cancellation that is being told of just now: after this it cannot meet the next request.
        Registration.Dispose();
        Reply<T> reply = _core.GetResult(token);
        _core.Reset();
        Registration = default;
        Buffer = default;
        ClunkedFid = null;
        Client = null;
        _decode = null;
        lock (Gate)
        {
            if (Spare.Count < MostKept)
            {
                Spare.Push(this);
            }
        }

        return reply;
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token,
        ValueTaskSourceOnCompletedFlags flags) => _core.OnCompleted(continuation, state, token, flags);
}
