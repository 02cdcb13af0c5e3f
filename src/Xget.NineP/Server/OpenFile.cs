using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>
/// An open file, one for each fid that was opened. Reads and writes may run at once and on any thread.
/// <see cref="Dispose()"/> is called exactly once: after the clunk, the loss of the connection or a new Tversion, and
/// after the requests in flight have ended and their replies are sent.
/// </summary>
public abstract class OpenFile : IDisposable
{
    /// <summary>
    /// Bytes of memory that it keeps for itself alone, as a text that was made for it. Looked at after the open and after each read;
    /// what grows past a limit ends the connection. Must not wait. Called by any thread.
    /// </summary>
    public virtual int HeldBytes => 0;

    /// <summary>
    /// Reads up to <paramref name="count"/> bytes; fewer only at the end of the file. It may wait for them.
    /// </summary>
    /// <param name="offset">First byte.</param>
    /// <param name="count">At least 0 and at most msize - 11.</param>
    /// <param name="ct">Tflush, new Tversion or lost connection, not a clunk: a clunk that follows a read in one
    /// packet must not take its answer away. Valid only until the read ends.</param>
    public virtual ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct) =>
        ValueTask.FromResult(ReadResult.Failed(Errno.EACCES));

    /// <summary>Writes; <paramref name="data"/> is valid until the write ends.</summary>
    public virtual ValueTask<WriteResult> WriteAsync(ulong offset, ReadOnlyMemory<byte> data, CancellationToken ct) =>
        ValueTask.FromResult(new WriteResult(Errno.EACCES, 0));

    /// <summary>
    /// The fid was clunked while requests may still be in flight; <see cref="Dispose"/> comes after them. A file whose
    /// reads may wait for ever ends them here. Must not throw.
    /// </summary>
    public virtual void Clunked()
    {
    }

    /// <summary>Lets go of what the open file holds.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
