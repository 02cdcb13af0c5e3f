using System.Net;
using Xget.NineP;
using Xget.Testing;

namespace Xget.Node.Tests;

/// <summary>A port that answers 9P and has nothing: what the master must find before it names a worker.</summary>
internal sealed class AnsweringPort : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly IListener _listener;
    private readonly Task _serving;

    public AnsweringPort(MemoryTransport host, int port)
    {
        _listener = host.Listen(new IPEndPoint(host.Address, port));
        _serving = new NinePServer(new TestTree(), new ServerOptions(), TimeProvider.System).RunAsync(_listener, _stopping.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _listener.DisposeAsync();
        await _serving;
        _stopping.Dispose();
    }
}
