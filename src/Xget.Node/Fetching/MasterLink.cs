using System.Net;
using Mono.Unix.Native;
using Serilog;
using Xget.Content.Linux;
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
    private IReadOnlyList<IPEndPoint> _masters = options.Masters;
    private int _turn;

    /// <summary>One connection that is attached to the master.</summary>
    internal sealed record Attachment(NinePClient Client, IPEndPoint Master)
    {
        private int _asked;

        internal bool IsLost => Client.Closed.IsCancellationRequested;

        /// <summary>True once: for who asks whether others can reach this node.</summary>
        internal bool IsFirstToAsk() => Interlocked.Exchange(ref _asked, 1) == 0;
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
                if (attempt > 0 && _turn % _masters.Count == 0)
                    await ResolveAsync(both.Token);
                IPEndPoint address = _masters[_turn % _masters.Count];
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

    /// <summary>A name may lead elsewhere by now; if it cannot be resolved, the known addresses stay.</summary>
    private async ValueTask ResolveAsync(CancellationToken ct)
    {
        if (options.ResolveMasters is not { } resolve)
            return;
        using var limit = new CancellationTokenSource(options.RequestTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            if (await resolve(both.Token) is { Count: > 0 } found)
                _masters = found;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            log.Debug("the master's name cannot be resolved: {Reason:l}", e.Message);
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
    /// <summary>How the reason begins where a connection could not be made since nothing at all came back.</summary>
    internal const string NoAnswer = "no answer";

    /// <summary>
    /// Connects, and asks for the dialect and for the root as fid 0 in one burst, without waiting for the answers: what
    /// is asked next leaves right behind. Null with a reason for people when the connection cannot be made; a client
    /// whose <c>Attaching</c> fails is of no use.
    /// </summary>
    internal static async ValueTask<(NinePClient? Client, Task<Reply<Qid>> Attaching, string? Reason)> BeginAsync(
        ITransport transport, IPEndPoint address, NodeOptions options, TimeSpan limit, TimeProvider time, CancellationToken ct)
    {
        (IConnection? connection, string? reason) = await ConnectAsync(transport, address, limit, time, ct);
        if (connection is null)
            return (null, Task.FromResult(default(Reply<Qid>)), reason);
        NinePClient client = NinePClient.Begin(connection, Offer(options), time);
        return (client, AttachAsync(client, options, ct), null);
    }

    /// <summary>
    /// Connects and attaches the root as fid 0; null with a reason for people when that fails. A server that answers
    /// something else than was offered, as one that is not ours may, is asked again step by step.
    /// </summary>
    internal static async ValueTask<(NinePClient? Client, string? Reason)> AttachAsync(ITransport transport,
        IPEndPoint address, NodeOptions options, TimeProvider time, CancellationToken ct)
    {
        (NinePClient? client, Task<Reply<Qid>> attaching, string? reason) =
            await BeginAsync(transport, address, options, options.RequestTimeout, time, ct);
        if (client is null)
            return (null, reason);
        Reply<Qid> attach = await attaching;
        if (attach.Ok)
            return (client, null);
        Errno refused = client.Refused;
        await client.DisposeAsync();
        return refused switch
        {
            0 => (null, Refusal(attach)),
            Errno.ETIMEDOUT or Errno.ECONNRESET => (null, NoNineP(refused, options)),
            _ => await ConverseAsync(transport, address, options, time, ct),
        };
    }

    private static async ValueTask<(NinePClient?, string?)> ConverseAsync(ITransport transport,
        IPEndPoint address, NodeOptions options, TimeProvider time, CancellationToken ct)
    {
        (IConnection? connection, string? reason) = await ConnectAsync(transport, address, options.RequestTimeout, time, ct);
        if (connection is null)
            return (null, reason);
        Reply<NinePClient> version = await NinePClient.ConnectAsync(connection, Offer(options), time, ct);
        if (!version.Ok)
            return (null, NoNineP(version.Error, options));
        Reply<Qid> attach = await AttachAsync(version.Value, options, ct);
        if (attach.Ok)
            return (version.Value, null);
        await version.Value.DisposeAsync();
        return (null, Refusal(attach));
    }

    private static async ValueTask<(IConnection?, string?)> ConnectAsync(ITransport transport,
        IPEndPoint address, TimeSpan limit, TimeProvider time, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            return (await transport.ConnectAsync(address, both.Token), null);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return (null, $"{NoAnswer} within {limit.TotalSeconds:0.#} s: is the host up, is a firewall between?");
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            return (null, Words.Of(e));
        }
    }

    private static ClientOptions Offer(NodeOptions options) =>
        new() { Msize = options.Msize, RequestTimeout = options.RequestTimeout };

    /// <summary>The first fid of a new client is the root's.</summary>
    private static Task<Reply<Qid>> AttachAsync(NinePClient client, NodeOptions options, CancellationToken ct) =>
        client.AttachAsync(client.NewFid(), options.Name, "", ct: ct).AsTask();

    /// <summary>What it means for the user that a server was reached and did not agree on 9P.</summary>
    private static string NoNineP(Errno error, NodeOptions options) => error switch
    {
        Errno.ETIMEDOUT => $"no answer within {options.RequestTimeout.TotalSeconds:0} s: is it an xget master, is a firewall between?",
        Errno.ECONNRESET => "it closes the connection: is it an xget master?",
        _ => "does not speak 9P: is it an xget master?",
    };

    private static string Refusal(Reply<Qid> attach)
    {
        const int MostShown = 200;
        return $"refuses us ({WireText.OneLine(attach.ErrorText ?? Words.Of(attach.Error), MostShown)})";
    }
}
