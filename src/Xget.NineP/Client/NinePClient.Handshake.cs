using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>Tversion and its answer, which comes before any other.</summary>
public sealed partial class NinePClient
{
    /// <summary>An Rversion or an error is short.</summary>
    private const int MostHandshake = 1024;

    /// <summary>The msize that every server is taken to have whose answer is not awaited.</summary>
    private const int LeastAssumed = 4096;

    /// <summary>Ends with 0 once there is agreement, or with why there is none.</summary>
    private readonly TaskCompletionSource<Errno> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether requests may leave before the answer is there, which must then be what was offered.</summary>
    private readonly bool _assumes;

    private long _versionDue = long.MaxValue;
    private volatile bool _isAgreed;
    private volatile Errno _refused;

    /// <summary>
    /// Why the connection was lost before there was agreement: what the server answered or failed to answer to Tversion.
    /// 0 while there is no such reason.
    /// </summary>
    public Errno Refused => _refused;

    /// <summary>Largest request, in bytes, that the server is sure to take.</summary>
    private int MostSent => _isAgreed ? Msize : Math.Min(Msize, LeastAssumed);

    /// <summary>
    /// A client that takes the server to speak what is offered: requests may be made at once, and Tversion leaves with
    /// the first of them, so a whole conversation costs one round trip. A smaller msize (4096 at least) is taken over
    /// when the answer comes; any other answer, or none in time, loses the connection: see <see cref="Refused"/>. The
    /// connection belongs to the client from now on.
    /// </summary>
    public static NinePClient Begin(IConnection connection, ClientOptions options, TimeProvider time) =>
        Start(connection, options, time, assumes: true);

    /// <summary>
    /// Agrees with the server on dialect and msize. The connection belongs to the client from now on, and is closed if
    /// they cannot agree (EPROTONOSUPPORT for a dialect that is not known here).
    /// </summary>
    public static async ValueTask<Reply<NinePClient>> ConnectAsync(
        IConnection connection, ClientOptions options, TimeProvider time, CancellationToken ct)
    {
        NinePClient client = Start(connection, options, time, assumes: false);
        client.Kick();
        Errno error;
        using (ct.UnsafeRegister(static client => ((NinePClient)client!).Lose(abort: true), client))
        {
            error = await client._answered.Task;
        }

        if (ct.IsCancellationRequested)
        {
            error = Errno.EINTR;
        }

        if (error != 0)
        {
            await client.DisposeAsync();
        }

        return new(error, error == 0 ? client : null!);
    }

    private static NinePClient Start(IConnection connection, ClientOptions options, TimeProvider time, bool assumes)
    {
        const int LargestMsize = 16 << 20;
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Msize, NinePLimits.MinMsize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Msize, LargestMsize);
        NinePClient client = new(connection, options, time, assumes);
        client.Offer();
        client._receiver = client.ReceiveAllAsync();
        return client;
    }

    /// <summary>Tversion becomes the first message to leave.</summary>
    private void Offer()
    {
        lock (_gate)
        {
            _versionDue = DeadlineAfter(_options.RequestTimeout);
            _outLength = VersionMessage.Write(Room(SmallRequest), MessageType.Tversion, NinePLimits.NoTag,
                (uint)_options.Msize, VersionNames.Of(_options.Dialect));
        }
    }

    /// <summary>Takes the answer to Tversion; false if there is no agreement.</summary>
    private bool ReceiveVersion(ReadOnlySpan<byte> frame)
    {
        Errno error = Agree(frame, out Dialect dialect, out int msize);
        lock (_gate)
        {
            if (error != 0 || _lost)
            {
                Refuse(error);
                return false;
            }

            Dialect = dialect;
            Msize = msize;
            _versionDue = long.MaxValue;
            _isAgreed = true;
        }

        _answered.TrySetResult(0);
        return true;
    }

    private Errno Agree(ReadOnlySpan<byte> frame, out Dialect dialect, out int msize)
    {
        dialect = _options.Dialect;
        msize = _options.Msize;

        // An error comes before there is a dialect, so it may be of any.
        ReadOnlySpan<byte> body = frame[NinePLimits.HeaderSize..];
        foreach (Dialect any in (ReadOnlySpan<Dialect>)[Dialect.NineP2000, Dialect.NineP2000u, Dialect.NineP2000L])
        {
            if (MessageTable.Find(frame[4]) is { Type: MessageType.Rerror or MessageType.Rlerror } message
                && message.IsIn(any) && message.Fits(body, any))
            {
                return new ErrorMessage(body, any).Error;
            }
        }

        if (MessageTable.Find(frame[4]) is not { Type: MessageType.Rversion } version
            || !version.Fits(body, Dialect.NineP2000))
        {
            return Errno.EPROTO;
        }

        VersionMessage answer = new(body);
        if (VersionNames.Parse(answer.Version) is not { } agreed || agreed > dialect || (_assumes && agreed != dialect))
        {
            return Errno.EPROTONOSUPPORT;
        }

        int least = _assumes ? MostSent : NinePLimits.MinMsize;
        if (answer.Msize < (uint)least || answer.Msize > (uint)msize)
        {
            return Errno.EPROTO;
        }

        // Who was asked nothing else yet has nothing else to say.
        if (!_assumes && _end > _start)
        {
            return Errno.EPROTO;
        }

        dialect = agreed;
        msize = (int)answer.Msize;
        return 0;
    }

    /// <summary>Notes why there is no agreement; the first reason counts.</summary>
    private void Refuse(Errno reason)
    {
        lock (_gate)
        {
            if (!_isAgreed && _refused == 0)
            {
                _refused = reason;
            }
        }
    }
}
