using System.Net;
using System.Threading.Channels;
using Xget.NineP;

namespace Xget.Testing;

/// <summary>Where connections in memory come in.</summary>
internal sealed class MemoryListener(EndPoint local, Action<MemoryListener> removed) : IListener
{
    private readonly Channel<IConnection> _waiting = Channel.CreateUnbounded<IConnection>();

    public EndPoint Local => local;

    public void Add(IConnection connection)
    {
        if (!_waiting.Writer.TryWrite(connection))
        {
            connection.Abort();
        }
    }

    public async ValueTask<IConnection> AcceptAsync(CancellationToken ct)
    {
        try
        {
            return await _waiting.Reader.ReadAsync(ct);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(MemoryListener));
        }
    }

    public ValueTask DisposeAsync()
    {
        removed(this);
        _waiting.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }
}
