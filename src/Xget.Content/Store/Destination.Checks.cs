using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <content>What of an earlier copy is there already.</content>
public sealed partial class Destination
{
    /// <summary>
    /// Finds out by hashing, two chunks at a time, whether a regular file has exactly a content's bytes, and which chunks
    /// if it has not all. A file with more names than its source has is not right: it would share others' metadata.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled between two chunks.</exception>
    public async Task<FileCheck> CheckFileAsync(
        DestinationPath path, EntryAttributes attributes, ChunkTable table, CancellationToken cancellation)
    {
        if (OpenFile(path, out SafeFileHandle? file, out FileStatus status) != 0)
            return new FileCheck(false, null);
        using (file)
        {
            ChunkMap chunks = new(table.Count);
            await new ChunkVerifier(file!, table, status.Size, chunks).RunAsync(cancellation);
            bool isRight = chunks.IsComplete && status.Size == table.Size && status.LinkCount <= attributes.LinkCount;
            return new FileCheck(isRight, chunks);
        }
    }

    /// <summary>
    /// Takes over into <paramref name="content"/> the chunks that an existing file has according to
    /// <paramref name="check"/>. Each is hashed again, for the file may have changed since; that is no error.
    /// </summary>
    /// <returns>0, or what the disk said to a write.</returns>
    /// <exception cref="OperationCanceledException">Cancelled between two chunks.</exception>
    public Task<Errno> SeedAsync(
        DestinationPath path, FileCheck check, FileContent content, CancellationToken cancellation)
        => check.Chunks is { SetCount: > 0 } chunks && chunks.Count == content.Table.Count
            ? Task.Run(() => Seed(path, chunks, content, cancellation), cancellation)
            : Task.FromResult<Errno>(0);

    /// <summary>Reads a whole existing file; <paramref name="count"/> says how long it is.</summary>
    /// <returns>0; EFBIG if it does not fit into <paramref name="bytes"/>; EINVAL if it is no regular file; ENOENT.</returns>
    public Errno ReadFile(DestinationPath path, Span<byte> bytes, out int count)
    {
        count = 0;
        Errno error = OpenFile(path, out SafeFileHandle? file, out FileStatus status);
        if (error != 0)
            return error;
        using (file)
            return status.Size > (ulong)bytes.Length ? Errno.EFBIG : NativeStore.Read(file!, bytes, 0, out count);
    }

    /// <summary>Reads part of an existing file that has exactly the wanted size and may stay under its name.</summary>
    internal bool TryReadPart(DestinationPath path, EntryAttributes attributes, ulong size, ulong offset, Span<byte> bytes)
    {
        if (OpenFile(path, out SafeFileHandle? file, out FileStatus status) != 0)
            return false;
        using (file)
        {
            return status.Size == size && status.LinkCount <= attributes.LinkCount
                && NativeStore.Read(file!, bytes, (long)offset, out int count) == 0 && count == bytes.Length;
        }
    }

    private Errno Seed(DestinationPath path, ChunkMap chunks, FileContent content, CancellationToken cancellation)
    {
        if (OpenFile(path, out SafeFileHandle? file, out _) != 0)
            return 0;
        using (file)
        {
            ChunkTable table = content.Table;
            using PooledBuffer buffer = new(table.ChunkSize);
            for (int chunk = 0; chunk < table.Count; chunk++)
            {
                cancellation.ThrowIfCancellationRequested();
                if (!chunks[chunk] || content.Map[chunk])
                    continue;
                Span<byte> bytes = buffer.Span[..table.LengthOf(chunk)];
                if (NativeStore.Read(file!, bytes, (long)table.OffsetOf(chunk), out int count) != 0
                    || !table.Matches(chunk, bytes[..count]))
                    continue;
                Errno error = content.Write(chunk, bytes);
                if (error != 0)
                    return error;
            }
            return 0;
        }
    }
}
