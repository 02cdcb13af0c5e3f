using System.Net;
using Microsoft.Win32.SafeHandles;
using Xget.NineP;

namespace Xget.Node.Tests;

/// <summary>Lets a number of bytes come in over the connections that share it, and holds the rest back.</summary>
internal sealed class Meter(long bytes)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _left = bytes;

    /// <summary>Whether all that may come in has come in.</summary>
    public bool IsUsedUp
    {
        get
        {
            lock (_gate)
                return _left == 0;
        }
    }

    /// <summary>Everything may come in now.</summary>
    public void Open() => Add(long.MaxValue / 2);

    /// <summary>More may come in.</summary>
    public void Add(long more)
    {
        lock (_gate)
        {
            _left += more;
            _changed.TrySetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public IConnection Wrap(IConnection connection) => new Metered(this, connection);

    private async ValueTask<int> TakeAsync(int wanted, CancellationToken ct)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                int taken = (int)Math.Min(wanted, _left);
                _left -= taken;
                if (taken > 0)
                    return taken;
                changed = _changed.Task;
            }
            await changed.WaitAsync(ct);
        }
    }

    private sealed class Metered(Meter meter, IConnection inner) : IConnection
    {
        private readonly CancellationTokenSource _ended = new();

        public EndPoint Remote => inner.Remote;

        public EndPoint Local => inner.Local;

        public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct)
        {
            if (buffer.IsEmpty)
                return await inner.ReceiveAsync(buffer, ct);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, _ended.Token);
            int allowed = await AllowedAsync(buffer.Length, both.Token, ct);
            int received = await inner.ReceiveAsync(buffer[..allowed], ct);
            meter.Add(allowed - received);
            return received;
        }

        public ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken ct) => inner.SendAsync(data, ct);

        public ValueTask SendFileAsync(ReadOnlyMemory<byte> header, SafeFileHandle file, long offset, int count, CancellationToken ct) =>
            inner.SendFileAsync(header, file, offset, count, ct);

        public void Abort()
        {
            _ended.Cancel();
            inner.Abort();
        }

        public async ValueTask DisposeAsync()
        {
            await _ended.CancelAsync();
            await inner.DisposeAsync();
        }

        private async ValueTask<int> AllowedAsync(int wanted, CancellationToken both, CancellationToken ct)
        {
            try
            {
                return await meter.TakeAsync(wanted, both);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                throw new IOException("The connection was reset.");
            }
        }
    }
}
