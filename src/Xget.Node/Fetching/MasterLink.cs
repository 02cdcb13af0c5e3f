using System.Net;
using Serilog;
using Xget.NineP;
using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>
/// The node's connection to its master: made at first use, made again when it is lost. All fids of a lost connection are
/// gone; who holds some compares <see cref="Attachment"/>s. Thread-safe.
/// </summary>
internal sealed class MasterLink(NodeOptions options, ITransport transport, TimeProvider time, Random random, ILogger log)
    : IAsyncDisposable
{
    /// <summary>The root fid of every attachment.</summary>
    internal const uint RootFid = 0;

    private readonly SemaphoreSlim _connecting = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private volatile Attachment? _current;
    private int _turn;

    /// <summary>One connection that is attached to the master.</summary>
    internal sealed record Attachment(NinePClient Client, IPEndPoint Master)
    {
        internal bool IsLost => Client.Closed.IsCancellationRequested;
    }

    /// <summary>The attachment, if there is one and it is not known to be lost.</summary>
    internal Attachment? Current => _current is { IsLost: false } a ? a : null;

    /// <summary>
    /// The attachment; makes one when there is none, with as many attempts (<see cref="NodeOptions.Retries"/> by default) and growing
    /// pauses. Null with a reason when the master cannot be reached or refuses.
    /// </summary>
    internal async ValueTask<(Attachment? Attachment, string? Reason)> GetAsync(CancellationToken ct, int? retries = null)
    {
        if (Current is { } there)
            return (there, null);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, _closing.Token);
        await _connecting.WaitAsync(both.Token);
        try
        {
            string? reason = null;
            int most = retries ?? options.Retries;
            for (int attempt = 0; attempt <= most; attempt++)
            {
                if (Current is { } made)
                    return (made, null);
                if (attempt > 0)
                    await Task.Delay(Backoff.Delay(attempt, random), time, both.Token);
                IPEndPoint address = options.Masters[_turn % options.Masters.Count];
                (Attachment? attachment, reason) = await TryAttachAsync(address, both.Token);
                if (attachment is not null)
                {
                    if (_current is not null)
                        log.Information("connected to the master again");
                    return (_current = attachment, null);
                }
                if (attempt == 0 && most > 0)
                    log.Warning("master {Address}: {Reason}; trying again", HostPort.Format(address), reason);
                _turn++;
            }
            return (null, reason);
        }
        finally
        {
            _connecting.Release();
        }
    }

    private async ValueTask<(Attachment?, string?)> TryAttachAsync(IPEndPoint address, CancellationToken ct)
    {
        (NinePClient? client, string? reason) = await Dialer.AttachAsync(transport, address, options, time, ct);
        return client is null ? (null, reason) : (new Attachment(client, address), null);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _connecting.WaitAsync(); // one that is being made is lost or kept by now
        if (_current is { } attachment)
            await attachment.Client.DisposeAsync();
        _connecting.Release();
    }
}

/// <summary>Pauses between attempts: 50 ms doubling up to 1 s, each with up to a half of jitter, so that nodes spread.</summary>
internal static class Backoff
{
    internal static TimeSpan Delay(int attempt, Random random)
    {
        double most = Math.Min(1000, 50 * Math.Pow(2, Math.Min(attempt, 10) - 1));
        lock (random)
            return TimeSpan.FromMilliseconds(most * (0.5 + random.NextDouble() / 2));
    }
}

/// <summary>Makes attached 9P connections.</summary>
internal static class Dialer
{
    /// <summary>Connects and attaches the root as fid 0; null with a reason for people when that fails.</summary>
    internal static async ValueTask<(NinePClient? Client, string? Reason)> AttachAsync(ITransport transport,
        IPEndPoint address, NodeOptions options, TimeProvider time, CancellationToken ct)
    {
        IConnection connection;
        using (var limit = new CancellationTokenSource(options.RequestTimeout, time))
        using (var both = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token))
        {
            try
            {
                connection = await transport.ConnectAsync(address, both.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return (null, "no answer");
            }
            catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
            {
                return (null, e is System.Net.Sockets.SocketException s ? Reason(s) : e.Message);
            }
        }
        var clientOptions = new ClientOptions { Msize = options.Msize, RequestTimeout = options.RequestTimeout };
        Reply<NinePClient> version = await NinePClient.ConnectAsync(connection, clientOptions, time, ct);
        if (!version.Ok)
        {
            await connection.DisposeAsync();
            return (null, $"does not speak 9P ({version.Error})");
        }
        NinePClient client = version.Value;
        uint root = client.NewFid();
        Reply<Qid> attach = await client.AttachAsync(root, options.Name, "", ct: ct);
        if (attach.Ok && root == MasterLink.RootFid)
            return (client, null);
        await client.DisposeAsync();
        return (null, $"refuses us ({attach.ErrorText ?? attach.Error.ToString()})");
    }

    private static string Reason(System.Net.Sockets.SocketException e) => e.SocketErrorCode switch
    {
        System.Net.Sockets.SocketError.ConnectionRefused => "connection refused",
        System.Net.Sockets.SocketError.HostUnreachable => "no route to host",
        System.Net.Sockets.SocketError.NetworkUnreachable => "network is unreachable",
        System.Net.Sockets.SocketError.TimedOut => "no answer",
        _ => $"cannot connect ({e.SocketErrorCode})",
    };
}
