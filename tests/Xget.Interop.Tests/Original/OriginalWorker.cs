using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Xget.Interop.Tests.Original;

/// <summary>
/// What a client of 2009 serves to others of its kind: <c>name/data</c> of the files it has, by plain 9P2000 on a port
/// of 127.0.0.1. Counts the bytes it has sent.
/// </summary>
internal sealed class OriginalWorker : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, byte[]> _files = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Task _accepting;
    private long _sent;

    public OriginalWorker()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(64);
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Bytes of data in all its replies.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    public void Add(string path, byte[] bytes) => _files[path] = bytes;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await _listener.AcceptAsync(_end.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var wire = new Wire(socket);
        await using CancellationTokenRegistration ending = _end.Token.Register(socket.Dispose);
        var fids = new Dictionary<uint, string>();
        try
        {
            while (await wire.ReceiveAsync() is { } request)
            {
                (Kind kind, Fields reply) = Answer(request.Kind, new Taker(request.Body), fids);
                await wire.SendAsync(kind, request.Tag, reply.ToArray());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The reader has gone, or the test is over.
        }
    }

    private (Kind Kind, Fields Reply) Answer(Kind kind, Taker request, Dictionary<uint, string> fids)
    {
        switch (kind)
        {
            case Kind.Tversion:
                return (Kind.Rversion, new Fields().U32(Math.Min(request.U32(), 32792)).Text("9P2000"));
            case Kind.Tattach:
                fids[request.U32()] = "";
                return (Kind.Rattach, Qid(new Fields(), ""));
            case Kind.Twalk:
                return Walk(request, fids);
            case Kind.Topen:
                return (Kind.Ropen, Qid(new Fields(), fids[request.U32()]).U32(0));
            case Kind.Tread:
                byte[] file = _files[fids[request.U32()][..^"/data".Length]];
                int offset = (int)Math.Min(request.U64(), (ulong)file.Length);
                int count = (int)Math.Min(request.U32(), file.Length - offset);
                Interlocked.Add(ref _sent, count);
                return (Kind.Rread, new Fields().U32((uint)count).Add(file.AsSpan(offset, count)));
            case Kind.Tclunk:
                fids.Remove(request.U32());
                return (Kind.Rclunk, new Fields());
            case Kind.Tflush:
                return (Kind.Rflush, new Fields());
            default:
                return (Kind.Rerror, new Fields().Text("permission denied"));
        }
    }

    private (Kind Kind, Fields Reply) Walk(Taker request, Dictionary<uint, string> fids)
    {
        string path = fids[request.U32()];
        uint newFid = request.U32();
        int names = request.U16();
        var qids = new Fields();
        for (int i = 0; i < names; i++)
        {
            path = path.Length == 0 ? request.Text() : path + "/" + request.Text();
            if (!Exists(path))
            {
                return i == 0
                    ? (Kind.Rerror, new Fields().Text("file not found"))
                    : (Kind.Rwalk, new Fields().U16(i).Add(qids.ToArray()));
            }

            Qid(qids, path);
        }

        fids[newFid] = path;
        return (Kind.Rwalk, new Fields().U16(names).Add(qids.ToArray()));
    }

    private bool Exists(string path) =>
        _files.Keys.Any(f => f == path || f + "/data" == path || f.StartsWith(path + "/", StringComparison.Ordinal));

    private static Fields Qid(Fields to, string path) =>
        to.U8(path.EndsWith("/data", StringComparison.Ordinal) ? (byte)0 : (byte)0x80).U32(1).U64((ulong)path.Length);
}
