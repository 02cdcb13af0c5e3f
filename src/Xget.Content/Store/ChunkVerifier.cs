using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>Finds the chunks of a content that an existing file holds, by hashing them, two at a time.</summary>
/// <remarks>Chunks in holes are not read: one of zeros is there, any other is missing. Used once.</remarks>
internal sealed class ChunkVerifier(
    SafeFileHandle file, ChunkTable table, ulong fileSize, ChunkMap map, Action<int>? found = null)
{
    private const int Workers = 2;

    private readonly ChunkMap _inData = DataIn(file, table, fileSize);
    private int _next = -1;

    /// <summary>After the run: chunks that the file has other bytes for, or could not read.</summary>
    public ConcurrentBag<int> Wrong { get; } = [];

    /// <summary>The chunks of which the first bytes of a file have any that are not in holes.</summary>
    public static ChunkMap DataIn(SafeFileHandle file, ChunkTable table, ulong fileSize)
    {
        ChunkMap inData = new(table.Count);
        ulong end = Math.Min(table.Size, fileSize);
        for (ulong at = 0; at < end;)
        {
            Errno error = NativeStore.SeekData(file, (long)at, out long data);
            if (error == Errno.ENXIO || (error == 0 && (ulong)data >= end))
                break;
            // A file system that knows no holes has data everywhere.
            if (error != 0 || NativeStore.SeekHole(file, data, out long hole) != 0)
                (data, hole) = ((long)at, (long)end);
            at = Math.Min((ulong)hole, end);
            int last = table.IndexOf((ulong)at - 1);
            for (int chunk = table.IndexOf((ulong)data); chunk <= last; chunk++)
                inData.Set(chunk);
        }
        return inData;
    }

    /// <summary>Sets in the map what is there. A chunk that cannot be read (EIO) is wrong, which is no error.</summary>
    /// <exception cref="OperationCanceledException">Cancelled between two chunks.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        for (int chunk = _inData.NextMissing(0); chunk >= 0; chunk = _inData.NextMissing(chunk + 1))
        {
            if (IsInFile(chunk) && table.IsZero(chunk))
                Found(chunk);
        }
        if (_inData.SetCount > 0)
        {
            var workers = new Task[Math.Min(Workers, _inData.SetCount)];
            for (int i = 0; i < workers.Length; i++)
                workers[i] = Task.Run(() => Work(cancellation), cancellation);
            await Task.WhenAll(workers);
        }
    }

    private void Found(int chunk)
    {
        map.Set(chunk);
        found?.Invoke(chunk);
    }

    private bool IsInFile(int chunk) => table.EndOf(chunk) <= fileSize;

    private void Work(CancellationToken cancellation)
    {
        using PooledBuffer buffer = new(table.ChunkSize);
        while (Interlocked.Increment(ref _next) is var chunk && chunk < table.Count)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!_inData[chunk])
                continue;
            Span<byte> bytes = buffer.Span[..table.LengthOf(chunk)];
            Errno error = NativeStore.Read(file, bytes, (long)table.OffsetOf(chunk), out int count);
            if (error == 0 && table.Matches(chunk, bytes[..count]))
                Found(chunk);
            else
                Wrong.Add(chunk);
        }
    }
}
