using System.Net;
using System.Net.Sockets;
using Xget.Content.Linux;
using Xget.NineP;

namespace Xget.Node.Exporting;

/// <summary>Connects to workers once, to see whether others could. Thread-safe.</summary>
internal sealed class WorkerProbe(ITransport transport, TimeProvider time)
{
    private const int MaxAtOnce = 64;
    private const int Msize = 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _places = new(MaxAtOnce);

    /// <summary>
    /// Null if the worker answers Tversion within two seconds, else why not, in words for people. Waits while 64 others are
    /// under way.
    /// </summary>
    /// <param name="worker">Its address.</param>
    /// <param name="connects">A connection is enough: servers of 2009 are not asked anything.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    internal async Task<string?> ReachAsync(IPEndPoint worker, bool connects, CancellationToken ct)
    {
        await _places.WaitAsync(ct);
        try
        {
            using var late = new CancellationTokenSource(Patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
            return await TryAsync(worker, connects, either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return "no answer";
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return Words.Of(e);
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task<string?> TryAsync(IPEndPoint worker, bool connects, CancellationToken ct)
    {
        IConnection connection = await transport.ConnectAsync(worker, ct);
        if (connects)
        {
            await connection.DisposeAsync();
            return null;
        }
        Reply<NinePClient> version = await NinePClient.ConnectAsync(
            connection, new ClientOptions { Msize = Msize, RequestTimeout = Patience }, time, ct);
        ct.ThrowIfCancellationRequested();
        if (!version.Ok)
            return version.Error == Mono.Unix.Native.Errno.ETIMEDOUT ? "no answer" : Words.Of(version.Error);
        await version.Value.DisposeAsync();
        return null;
    }
}
