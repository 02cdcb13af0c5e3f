using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content;
using Xget.Content.Cache;
using Xget.Fuse;

namespace Xget.Mount;

/// <content>Open, read, release.</content>
internal sealed partial class XgetFileSystem
{
    private ulong _lastHandle;
    private volatile bool _passthrough = reading.Passthrough;

    public override ValueTask<FuseResult<OpenOut>> OpenAsync(FuseRequest request, ulong nodeid, OpenFlags flags)
    {
        if (inodes.Find(nodeid) is not { } inode)
            return FuseAnswer.Failed<OpenOut>(Errno.ESTALE);
        const OpenFlags Writing = OpenFlags.O_WRONLY | OpenFlags.O_RDWR | OpenFlags.O_TRUNC;
        if ((flags & Writing) != 0)
            return FuseAnswer.Failed<OpenOut>(Errno.EROFS);
        if (inode.Attributes.Type != EntryType.Regular)
            return FuseAnswer.Failed<OpenOut>(inode.IsDirectory ? Errno.EISDIR : Errno.EINVAL);
        if (IsDamaged(inode))
        {
            // Who has it open reads the damaged file by passthrough; the name leads to another inode from now on, which
            // the kernel looks up at once.
            inodes.Disown(inode);
            return FuseAnswer.Failed<OpenOut>(Errno.ESTALE);
        }
        inodes.BeginOpen(inode, out DataReference data);
        if (inode.Told is { IsCompleted: false } told)
            return OpenChangedAsync(request, inode, data, told);
        OpenedFile file = Begin(inode, data);
        return MayPassThrough(file) ? OpenVerifiedAsync(request, file) : Opened(file, null).AsAnswer();
    }

    private OpenedFile Begin(Inode inode, in DataReference data) =>
        new(inode, data, data.IsNone ? null : contents.Open(data, inode.ToString()), reading.ReadsAhead);

    /// <summary>The kernel drops the bytes that the file had before; an open must not find them.</summary>
    private async ValueTask<FuseResult<OpenOut>> OpenChangedAsync(FuseRequest request, Inode inode, DataReference data, Task told)
    {
        using var killed = new KillWatch(request, time);
        try
        {
            await told.WaitAsync(reading.Timeout, time, killed.Dying);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            inodes.EndOpen(inode);
            return e is TimeoutException ? Errno.EIO : Errno.EINTR;
        }
        OpenedFile file = Begin(inode, data);
        return MayPassThrough(file) ? await OpenVerifiedAsync(request, file) : Opened(file, null);
    }

    private async ValueTask<FuseResult<OpenOut>> OpenVerifiedAsync(FuseRequest request, OpenedFile file)
    {
        SafeFileHandle? verified = null;
        using var killed = new KillWatch(request, time);
        try
        {
            (Errno error, verified) = await ((CachedContent)file.Now!.Content.Store!).OpenVerifiedAsync(killed.Dying);
            using (verified)
                return Opened(file, error == 0 ? verified : null);
        }
        catch (OperationCanceledException)
        {
            Close(file);
            return Errno.EINTR;
        }
    }

    private OpenOut Opened(OpenedFile file, SafeFileHandle? verified)
    {
        ulong handle = Interlocked.Increment(ref _lastHandle);
        _open[handle] = file;
        int backing = file.Inode.Mode.Open(() => verified is null ? 0 : Backing(verified));
        return backing > 0 ? new OpenOut(handle, FuseOpenFlags.Passthrough, backing)
            : new OpenOut(handle, FuseOpenFlags.KeepCache);
    }

    private void Close(OpenedFile file)
    {
        if (file.Now is { } place)
            contents.Close(place.Content);
        inodes.EndOpen(file.Inode);
    }

    public override ValueTask<Errno> ReleaseAsync(FuseRequest request, ulong nodeid, ulong fh)
    {
        if (_open.TryRemove(fh, out OpenedFile? file))
        {
            if (file.Inode.Mode.Release() is > 0 and int backing)
                _connection!.BackingClose(backing);
            Close(file);
        }
        return new(0);
    }

    public override ValueTask<FuseResult<FuseData>> ReadAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset, int size)
    {
        if (!_open.TryGetValue(fh, out OpenedFile? file))
            return FuseAnswer.Failed<FuseData>(Errno.EBADF);
        if (file.Now is not { } place || offset >= place.Data.Length)
            return FuseData.Bytes(default).AsAnswer();
        size = (int)Math.Min((ulong)size, place.Data.Length - offset);
        (ulong from, ulong ahead) = file.Ahead(offset, size);
        ulong start = place.Data.Offset;
        if (ahead > 0)
            place.Content.Prefetch(start + from, ahead);
        if (place.Content.TryRead(start + offset, size, out ContentRange range))
        {
            // Only a whole answer will do: a short one means the end of the file to the kernel.
            if (range.Error == 0 && range.Count >= size)
            {
                LearnBlocks(file.Inode, place);
                return Data(range).AsAnswer();
            }
            range.Dispose();
        }
        return ReadSlowAsync(request, file, place, offset, size);
    }

    public override async ValueTask<FuseResult<ulong>> LseekAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset, uint whence)
    {
        if (whence is not (Holes.SeekData or Holes.SeekHole))
            return Errno.EINVAL;
        if (!_open.TryGetValue(fh, out OpenedFile? file))
            return Errno.EBADF;
        if (file.Now is not { } place || offset >= place.Data.Length)
            return Errno.ENXIO;
        if (await TableAsync(request, file, place) is not { } table || table.Size != place.Data.Length)
            return whence == Holes.SeekData ? offset : place.Data.Length; // a file in a pack is all data
        ulong? found = whence == Holes.SeekData ? Holes.NextData(table, offset) : Holes.NextHole(table, offset);
        return found is { } at ? at : Errno.ENXIO;
    }

    /// <summary>The chunk table of a content; null if it cannot be had in time.</summary>
    private async ValueTask<ChunkTable?> TableAsync(FuseRequest request, OpenedFile file, OpenedFile.Place place)
    {
        if (place.Content.Store is { } store)
            return store.Table;
        using var killed = new KillWatch(request, time);
        try
        {
            return await place.Content.TableAsync(killed.Dying).AsTask().WaitAsync(file.Patience(reading.Timeout, time), time, killed.Dying);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Once the chunk table is here it is known which blocks a file has; the kernel is told if that are not all.</summary>
    private void LearnBlocks(Inode inode, OpenedFile.Place place)
    {
        if (inode.Blocks != Inode.Unknown || place.Content.Store is not { } store)
            return;
        ulong all = (place.Data.Length + 511) / 512;
        ulong blocks = store.Table.Size == place.Data.Length ? Holes.DataBlocks(store.Table) : all;
        lock (inodes.Gate)
        {
            if (inode.Blocks != Inode.Unknown || inode.Data != place.Data)
                return;
            inode.Blocks = (long)blocks;
        }
        if (blocks < all)
            _ = _connection!.Notifier.InvalidateInodeAsync(inode.NodeId, -1);
    }

    /// <summary>A bad place of the cache's disk: the chunks that cannot be read, or are not right, are fetched anew.</summary>
    public override void Unreadable(ulong nodeid, ulong fh, ulong offset, int size)
    {
        if (!_open.TryGetValue(fh, out OpenedFile? file) || file.Now is not { Content.Store: CachedContent store } place)
            return;
        ulong start = place.Data.Offset + offset;
        int last = store.Table.IndexOf(start + (ulong)size - 1);
        for (int chunk = store.Table.IndexOf(start); chunk <= last; chunk++)
            store.Verify(chunk);
    }

    private async ValueTask<FuseResult<FuseData>> ReadSlowAsync(FuseRequest request, OpenedFile file, OpenedFile.Place place, ulong offset, int size)
    {
        using var limit = new CancellationTokenSource(file.Patience(reading.Timeout, time), time);
        using var killed = new KillWatch(request, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, killed.Dying);
        try
        {
            while (true)
            {
                FuseResult<FuseData> read = await ReadFromAsync(file, place, offset, size, both.Token);
                if (read.Error == 0)
                {
                    LearnBlocks(file.Inode, place);
                    _failures.Forget(file.Inode);
                    return read;
                }
                if (read.Error == Errno.ESTALE && await MoveAsync(file, place, both.Token))
                {
                    place = file.Now!;
                    continue;
                }
                _failures.Tell(file.Inode, read.Error, place.Content.Finished is { IsCompletedSuccessfully: true } ended ? ended.Result : null);
                return read.Error;
            }
        }
        catch (OperationCanceledException)
        {
            return GivenUp(killed, file);
        }
    }

    /// <summary>
    /// A file whose bytes have not changed may be found in another content by now: the open file goes on there. False if
    /// there is none.
    /// </summary>
    private async Task<bool> MoveAsync(OpenedFile file, OpenedFile.Place from, CancellationToken ct)
    {
        if (DataOf(file.Inode) == from.Data && file.Now == from && UpToDateAsync is { } upToDate)
            await upToDate(ct);
        DataReference data = DataOf(file.Inode);
        if (file.Now != from)
            return true;
        if (data == from.Data || data.Length != from.Data.Length)
            return false;
        var to = new OpenedFile.Place(data, contents.Open(data, file.Inode.ToString()));
        contents.Close(file.Move(from, to) ? from.Content : to.Content);
        return true;
    }

    private DataReference DataOf(Inode inode)
    {
        lock (inodes.Gate)
            return inode.Data;
    }

    private static async ValueTask<FuseResult<FuseData>> ReadFromAsync(OpenedFile file, OpenedFile.Place place, ulong offset, int size, CancellationToken ct)
    {
        offset += place.Data.Offset;
        byte[]? joined = null;
        for (int got = 0; ;)
        {
            ct.ThrowIfCancellationRequested();
            if (await place.Content.EnsureAsync(offset + (ulong)got, (ulong)(size - got), ct) is var error and not 0)
                return error;
            if (!place.Content.TryRead(offset + (ulong)got, size - got, out ContentRange range))
                continue; // a cache without room has lost it already: it comes again
            file.Came();
            if (range.Count >= size)
                return Data(range);
            // The store gives the bytes in pieces: they are put together.
            using (range)
            {
                if (range.Error != 0 || range.Count == 0)
                    return Broken(range.Error);
                if (range.CopyTo((joined ??= new byte[size]).AsSpan(got)) is var unread and not 0)
                    return unread;
                got += range.Count;
            }
            if (got >= size)
                return FuseData.Bytes(joined);
        }
    }

    /// <summary>A place that is closed is that of a content which could not be had whole, and was fetched anew for others.</summary>
    internal static Errno Broken(Errno error) => error switch
    {
        0 => Errno.EIO,
        Errno.EBADF => Errno.ESTALE,
        _ => error,
    };

    private Errno GivenUp(KillWatch killed, OpenedFile file)
    {
        if (killed.Dying.IsCancellationRequested)
            return Errno.EINTR;
        file.TimedOut(time);
        log.Warning("{File:l}: ETIMEDOUT after {Seconds} s", file.Inode.ToString(), reading.Timeout.TotalSeconds);
        return Errno.EIO;
    }

    private static FuseData Data(in ContentRange range) => range.File is { } handle
        ? FuseData.File(handle, range.FileOffset, range.Count, range.Lease)
        : FuseData.Bytes(range.Bytes, range.Lease);

    /// <summary>Whether the kernel may read the file itself: it is a content of its own, here whole, and nobody has it open in another mode.</summary>
    private bool MayPassThrough(OpenedFile file) =>
        _passthrough && _connection is { HasPassthrough: true } && file.Inode.Mode.Opens == 0 && file.Now is { } place && place.Data.Offset == 0 &&
        place.Content.Store is CachedContent { IsWhole: true } store && store.Table.Size == place.Data.Length;

    /// <summary>Whether an inode is open by passthrough, and the file that the kernel reads is not what was verified any more.</summary>
    private bool IsDamaged(Inode inode) => inode.Mode.IsPassthrough && contents.Find(DataOf(inode)) is { Store: CachedContent store } && !store.IsAsVerified();

    private int Backing(SafeFileHandle verified)
    {
        FuseResult<int> id = _connection!.BackingOpen(verified);
        if (id.Error == 0)
            return id.Value;
        _passthrough = false;
        log.Warning("passthrough is not possible here ({Error}); files are read through the process", id.Error);
        return 0;
    }
}
