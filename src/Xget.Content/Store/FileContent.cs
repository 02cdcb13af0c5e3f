using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>
/// A content in a sparse file, first under its digest in <c>.xget-partial</c>, later under its own name in the
/// destination: it is read through its descriptor, whatever the name. Thread-safe.
/// </summary>
/// <remarks>
/// Aligned blocks of 4 KiB that hold only zeros are left as holes. Nothing is synchronised to disk: the hash is the
/// truth, and what a crash leaves is checked by it when the content is opened again.
/// </remarks>
public sealed class FileContent : StoredContent
{
    private readonly SharedFile _reader;
    private readonly SafeFileHandle _writer;
    private readonly WriteGate _gate = new();
    private readonly ChunkMap _used; // chunks whose room may hold other bytes than zeros
    private int _writeError;
    private int _disposed;

    internal FileContent(ChunkTable table, PartialStore store, SafeFileHandle writer, SafeFileHandle reader)
        : base(table)
    {
        Store = store;
        _used = new ChunkMap(table.Count);
        _writer = writer;
        _reader = new SharedFile(reader);
    }

    /// <summary>Where the content lives until it is placed.</summary>
    internal PartialStore Store { get; }

    /// <summary>The descriptor for reading, good while the content is not disposed.</summary>
    internal SafeFileHandle Reader => _reader.Handle;

    /// <summary>What the disk said to the first write that failed; 0 if none did.</summary>
    public Errno WriteError => (Errno)Volatile.Read(ref _writeError);

    /// <summary>Held while the content gets its metadata and its name.</summary>
    internal Lock Placing { get; } = new();

    /// <summary>True once the file is no longer in <c>.xget-partial</c>.</summary>
    internal bool IsGone { get; set; }

    /// <inheritdoc/>
    public override Errno Write(int chunk, ReadOnlySpan<byte> bytes)
    {
        if ((uint)chunk >= (uint)Table.Count || bytes.Length != Table.LengthOf(chunk))
            return Errno.EINVAL;
        if (Map[chunk])
            return 0;
        if (!_gate.TryEnter())
            return Map[chunk] ? 0 : Errno.EBADF;
        try
        {
            // Two writers of one chunk write the same bytes, so they may overlap; punching a hole here would not do.
            long offset = (long)Table.OffsetOf(chunk);
            Errno error = _used[chunk]
                ? NativeStore.Write(_writer, bytes, offset)
                : SparseFile.Write(_writer, bytes, offset);
            if (error == 0)
                Have(chunk);
            else
                Interlocked.CompareExchange(ref _writeError, (int)error, 0);
            return error;
        }
        finally
        {
            _gate.Leave();
        }
    }

    /// <inheritdoc/>
    public override ContentRange Read(ulong offset, int count)
    {
        count = Cut(offset, count);
        if (count == 0)
            return ContentRange.OfBytes(default);
        return _reader.TryHold()
            ? ContentRange.OfFile(_reader.Handle, (long)offset, count, _reader)
            : ContentRange.Failed(Errno.EBADF);
    }

    /// <summary>
    /// Sets the chunks that the file holds already, found out by hashing; makes the others' room empty.
    /// </summary>
    internal async Task VerifyAsync(CancellationToken cancellation)
    {
        ChunkMap found = new(Table.Count);
        ChunkVerifier verifier = new(Reader, Table, Table.Size, found);
        await verifier.RunAsync(cancellation);
        for (int chunk = 0; chunk < Table.Count; chunk++)
        {
            if (found[chunk])
                Have(chunk);
        }
        foreach (int chunk in verifier.Wrong)
        {
            if (NativeStore.PunchHole(_writer, (long)Table.OffsetOf(chunk), Table.LengthOf(chunk)) != 0)
                _used.Set(chunk);
        }
    }

    /// <summary>Sets the chunks of zeros, which a new file has from the start.</summary>
    internal void SetZeroChunks()
    {
        for (int chunk = 0; chunk < Table.Count; chunk++)
        {
            if (Table.IsZero(chunk))
                Have(chunk);
        }
    }

    /// <summary>
    /// Ends writing, which would change the time of modification and would keep the file from being executed.
    /// </summary>
    internal Errno Seal()
    {
        _gate.Close();
        return _writer.IsClosed || _writer.IsInvalid ? 0 : NativeStore.Close(_writer);
    }

    /// <summary>Once a chunk was there, writing it again, after a disk damaged it, must write its zeros too.</summary>
    private void Have(int chunk)
    {
        _used.Set(chunk);
        Map.Set(chunk);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        lock (Placing)
            Seal();
        // Closing alone would not do while a reader, or a child process being started, has the descriptor too.
        NativeStore.Unlock(Reader);
        _reader.Dispose();
    }
}
