using System.Net;
using Microsoft.Win32.SafeHandles;
using Xget.NineP;

namespace Xget.Testing;

/// <summary>One end of a connection in memory.</summary>
public sealed class MemoryConnection : IConnection
{
    private const int DefaultCapacity = 64 * 1024;
    private readonly MemoryPipe _in;
    private readonly MemoryPipe _out;
    private int _sends;

    private MemoryConnection(MemoryPipe from, MemoryPipe to, EndPoint local, EndPoint remote)
    {
        _in = from;
        _out = to;
        Local = local;
        Remote = remote;
    }

    public EndPoint Remote { get; }

    public EndPoint Local { get; }

    /// <summary>Whatever a test says; 0 otherwise.</summary>
    public int Unacknowledged { get; set; }

    /// <summary>Whatever a test says; 0 otherwise.</summary>
    public TimeSpan LeastRoundTrip { get; set; }

    /// <summary>How often something was sent from this end.</summary>
    public int Sends => Volatile.Read(ref _sends);

    /// <summary>While set, what the peer sends does not arrive here: the peer sees a reader that takes nothing.</summary>
    public bool Stalled
    {
        get => _in.Stalled;
        set => _in.Stalled = value;
    }

    /// <summary>Two ends of one connection.</summary>
    public static (MemoryConnection A, MemoryConnection B) Pair(
        EndPoint? a = null, EndPoint? b = null, int capacity = DefaultCapacity)
    {
        a ??= new IPEndPoint(IPAddress.Loopback, 1);
        b ??= new IPEndPoint(IPAddress.Loopback, 2);
        MemoryPipe toA = new(capacity);
        MemoryPipe toB = new(capacity);
        return (new MemoryConnection(toA, toB, a, b), new MemoryConnection(toB, toA, b, a));
    }

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct) => _in.ReadAsync(buffer, ct);

    public ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        Interlocked.Increment(ref _sends);
        return _out.WriteAsync(data, ct);
    }

    public async ValueTask SendFileAsync(
        ReadOnlyMemory<byte> header, SafeFileHandle file, long offset, int count, CancellationToken ct)
    {
        await SendAsync(header, ct);
        byte[] piece = new byte[Math.Min(count, DefaultCapacity)];
        while (count > 0)
        {
            int read = RandomAccess.Read(file, piece.AsSpan(0, Math.Min(piece.Length, count)), offset);
            if (read == 0)
            {
                throw new EndOfStreamException("The file is shorter.");
            }

            await SendAsync(piece.AsMemory(0, read), ct);
            offset += read;
            count -= read;
        }
    }

    /// <summary>Ends this end's sending only; the peer reads the rest and then the end.</summary>
    public void EndSending() => _out.End();

    /// <summary>Cuts the connection: both ends fail at once, and what was on the way is lost.</summary>
    public void Abort()
    {
        _in.Break();
        _out.Break();
    }

    public ValueTask DisposeAsync()
    {
        _out.End();
        _in.Break();
        return ValueTask.CompletedTask;
    }
}
