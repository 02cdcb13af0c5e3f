using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>
/// The unfinished contents of a copy: <c>DEST/.xget-partial/DIGEST</c>, one file each, locked while in use. What an
/// interrupted run leaves there is verified by hashing when it is opened again.
/// </summary>
/// <remarks>Thread-safe. Two copies may share a destination; a content that both want goes to the first.</remarks>
public sealed class PartialStore : IDisposable
{
    private const int MostTries = 100;

    internal PartialStore(PartialDirectory directory) => Directory = directory;

    internal PartialDirectory Directory { get; }

    /// <summary>
    /// Opens a content, new or as an earlier run left it; the chunks found right are set in its map. The caller disposes
    /// it; until it is placed or removed, its file stays for a later run.
    /// </summary>
    /// <returns>
    /// The content, or EBUSY if another copy into the same destination (or this one) has it open already, EPERM if
    /// <c>.xget-partial</c> belongs to another user, EFBIG, or what the disk said.
    /// </returns>
    /// <exception cref="OperationCanceledException">Cancelled while verifying.</exception>
    public async Task<(Errno Error, FileContent? Content)> OpenAsync(ChunkTable table, CancellationToken cancellation)
    {
        Errno error = Open(table, out FileContent? content, out bool isNew);
        if (error != 0)
            return (error, null);
        try
        {
            if (isNew)
                content!.SetZeroChunks();
            else
                await content!.VerifyAsync(cancellation);
            return (0, content);
        }
        catch
        {
            content!.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Removes a content's file, unless it has been placed. The content can still be read (a node goes on serving it)
    /// until it is disposed; then its space is free.
    /// </summary>
    public Errno Remove(FileContent content)
    {
        lock (content.Placing)
        {
            if (content.IsGone)
                return 0;
            Errno error = Directory.Open(out SafeFileHandle? directory);
            if (error != 0)
                return error;
            byte[] name = NameOf(content.Table);
            if (NativeStore.Status(directory!, name, out FileStatus named) == 0
                && NativeStore.Status(content.Reader, out FileStatus own) == 0 && named.IsSameFile(own))
                error = NativeStore.Unlink(directory!, name);
            content.IsGone = error == 0;
            return error;
        }
    }

    /// <summary>
    /// Removes what earlier runs left and nobody holds now: for a copy that has everything it wanted.
    /// </summary>
    public void RemoveAbandoned() => Directory.RemoveAbandoned();

    /// <summary>Removes the directory itself if it is empty. The store can still be used and makes it anew.</summary>
    public void Dispose() => Directory.Dispose();

    internal static byte[] NameOf(ChunkTable table)
    {
        byte[] name = new byte[Digest.TextLength + 1];
        table.Content.Format(name);
        return name;
    }

    private Errno Open(ChunkTable table, out FileContent? content, out bool isNew)
    {
        content = null;
        isNew = false;
        byte[] name = NameOf(table);
        for (int tries = 0; tries < MostTries; tries++)
        {
            Errno error = Directory.Open(out SafeFileHandle? directory);
            if (error != 0)
                return error;
            error = TryOpen(directory!, name, table.Size, out SafeFileHandle? writer, out SafeFileHandle? reader, out isNew);
            if (error == 0)
            {
                content = new FileContent(table, this, writer!, reader!);
                return 0;
            }
            writer?.Dispose();
            reader?.Dispose();
            if (error != Errno.EAGAIN)
                return error;
            Directory.ForgetIfRemoved();
        }
        return Errno.EBUSY;
    }

    /// <summary>EAGAIN: what was in the way is gone, or the file went away between two calls; try again.</summary>
    private static Errno TryOpen(SafeFileHandle directory, byte[] name, ulong size,
        out SafeFileHandle? writer, out SafeFileHandle? reader, out bool isNew)
    {
        reader = null;
        isNew = false;
        const int Flags = NativeStore.ReadWrite | NativeStore.Create | NativeStore.NonBlocking;
        Errno error = NativeStore.Open(directory, name, Flags, 0x180, out writer); // 0600
        if (error == Errno.EACCES) // killed between getting its final mode and its final name
            return NativeStore.Chmod(directory, name, 0x180) is 0 or Errno.ENOENT ? Errno.EAGAIN : error;
        if (error is Errno.ELOOP or Errno.ENXIO or Errno.ETXTBSY)
            return NativeStore.Unlink(directory, name) is 0 or Errno.ENOENT ? Errno.EAGAIN : error;
        if (error == 0)
            error = NativeStore.Open(directory, name, NativeStore.NonBlocking, 0, out reader);
        if (error != 0)
            return error == Errno.ENOENT ? Errno.EAGAIN : error;

        error = NativeStore.TryLock(reader!);
        if (error != 0)
            return error == Errno.EWOULDBLOCK ? Errno.EBUSY : error;
        // Only now is it certain that nobody places or removes the file: is it still the one?
        if (NativeStore.Status(directory, name, out FileStatus named) != 0
            || NativeStore.Status(reader!, out FileStatus read) != 0
            || NativeStore.Status(writer!, out FileStatus written) != 0
            || !named.IsSameFile(read) || !named.IsSameFile(written))
            return Errno.EAGAIN;
        // A second name, or no regular file: not ours to write into.
        if (!named.IsRegular || named.LinkCount != 1)
            return NativeStore.Unlink(directory, name) is 0 or Errno.ENOENT ? Errno.EAGAIN : Errno.EISDIR;

        isNew = named.Size == 0;
        if (named.Mode != 0x180)
            error = NativeStore.Chmod(writer!, 0x180);
        if (error == 0 && named.Size != size)
            error = NativeStore.Truncate(writer!, size);
        return error;
    }
}
