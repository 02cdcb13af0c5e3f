using System.Net;
using Microsoft.Win32.SafeHandles;

namespace Xget.NineP;

/// <summary>
/// An ordered stream of bytes in each direction: the seam for sockets, tests and simulation. One receive and one send
/// may be under way at a time; <see cref="Abort"/> may be called by any thread at any time. A lost connection shows as
/// 0 from a receive or as <see cref="IOException"/>, <see cref="System.Net.Sockets.SocketException"/> or
/// <see cref="ObjectDisposedException"/>.
/// </summary>
public interface IConnection : IAsyncDisposable
{
    /// <summary>The peer's address.</summary>
    EndPoint Remote { get; }

    /// <summary>This end's address.</summary>
    EndPoint Local { get; }

    /// <summary>
    /// Receives what is there, waiting for the first byte; 0 is the end. An empty buffer waits until there is
    /// something to receive (or the end), so that an idle connection holds no buffer.
    /// </summary>
    ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct);

    /// <summary>
    /// The same, but wakes only when the whole buffer is there, or as much as can be kept for it: who knows how much must
    /// come saves the wake-ups in between. It may still receive less.
    /// </summary>
    ValueTask<int> ReceiveMostAsync(Memory<byte> buffer, CancellationToken ct) => ReceiveAsync(buffer, ct);

    /// <summary>Sends all of <paramref name="data"/>.</summary>
    ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken ct);

    /// <summary>
    /// Sends <paramref name="header"/>, then <paramref name="count"/> bytes of <paramref name="file"/> from
    /// <paramref name="offset"/>, without a copy where that is possible.
    /// </summary>
    /// <exception cref="IOException">The file is shorter; the peer waits for the rest, so drop the connection.</exception>
    ValueTask SendFileAsync(
        ReadOnlyMemory<byte> header, SafeFileHandle file, long offset, int count, CancellationToken ct);

    /// <summary>Bytes that were sent and that the peer's host has not acknowledged; 0 also where that is not known.</summary>
    int Unacknowledged => 0;

    /// <summary>The least round trip that the kernel has seen on it; 0 also where that is not known.</summary>
    TimeSpan LeastRoundTrip => default;

    /// <summary>Closes at once; whoever waits on either side wakes.</summary>
    void Abort();
}
