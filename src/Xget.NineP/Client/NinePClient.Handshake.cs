using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>Tversion, before anything else runs.</summary>
public sealed partial class NinePClient
{
    /// <summary>An Rversion or an error is short.</summary>
    private const int HandshakeBuffer = 1024;

    private async ValueTask<Reply<NinePClient>> HandshakeAsync(CancellationToken ct)
    {
        byte[] buffer = new byte[HandshakeBuffer];
        int length = VersionMessage.Write(buffer, MessageType.Tversion, NinePLimits.NoTag, (uint)_options.Msize,
            VersionNames.Of(_options.Dialect));
        using CancellationTokenSource timeout = new(_options.RequestTimeout, _time);
        using CancellationTokenRegistration timedOut = AbortOn(timeout.Token);
        using CancellationTokenRegistration cancelled = AbortOn(ct);
        int have = 0;
        try
        {
            await _connection.SendAsync(buffer.AsMemory(0, length), CancellationToken.None);
            while (have < 4 || (have < Wire.U32(buffer, 0) && Wire.U32(buffer, 0) <= buffer.Length))
            {
                int received = await _connection.ReceiveAsync(buffer.AsMemory(have), CancellationToken.None);
                if (received == 0)
                {
                    break;
                }

                have += received;
                Progress(received);
            }
        }
        catch (Exception e) when (IsLoss(e))
        {
            have = 0;
        }

        if (ct.IsCancellationRequested)
        {
            return new(Errno.EINTR, null!);
        }

        if (have == 0)
        {
            return new(timeout.IsCancellationRequested ? Errno.ETIMEDOUT : Errno.ECONNRESET, null!);
        }

        Errno error = Agree(buffer.AsSpan(0, have));
        if (error == 0)
        {
            _receiver = ReceiveAllAsync();
        }

        return new(error, error == 0 ? this : null!);
    }

    private Errno Agree(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < NinePLimits.HeaderSize || Wire.U32(frame, 0) != (uint)frame.Length)
        {
            return Errno.EPROTO;
        }

        // An error comes before there is a dialect, so it may be of any.
        ReadOnlySpan<byte> body = frame[NinePLimits.HeaderSize..];
        foreach (Dialect dialect in (ReadOnlySpan<Dialect>)[Dialect.NineP2000, Dialect.NineP2000u, Dialect.NineP2000L])
        {
            if (MessageTable.Find(frame[4]) is { Type: MessageType.Rerror or MessageType.Rlerror } message
                && message.IsIn(dialect) && message.Fits(body, dialect))
            {
                return new ErrorMessage(body, dialect).Error;
            }
        }

        if (MessageTable.Find(frame[4]) is not { Type: MessageType.Rversion } version
            || !version.Fits(body, Dialect.NineP2000))
        {
            return Errno.EPROTO;
        }

        VersionMessage answer = new(body);
        if (VersionNames.Parse(answer.Version) is not { } agreed || agreed > _options.Dialect)
        {
            return Errno.EPROTONOSUPPORT;
        }

        if (answer.Msize < NinePLimits.MinMsize || answer.Msize > (uint)_options.Msize)
        {
            return Errno.EPROTO;
        }

        Dialect = agreed;
        Msize = (int)answer.Msize;
        return 0;
    }

    private CancellationTokenRegistration AbortOn(CancellationToken ct) =>
        ct.UnsafeRegister(static connection => ((IConnection)connection!).Abort(), _connection);
}
