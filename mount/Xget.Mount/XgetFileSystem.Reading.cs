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
        if (inode.Attributes.Size == 0)
            return new OpenOut(0, FuseOpenFlags.KeepCache).AsAnswer();
        var file = new OpenedFile(inode, contents.Open(inode.Data, inode.ToString()), reading.ReadsAhead);
        return MayPassThrough(file) ? OpenVerifiedAsync(request, file) : Opened(file, null).AsAnswer();
    }

    private async ValueTask<FuseResult<OpenOut>> OpenVerifiedAsync(FuseRequest request, OpenedFile file)
    {
        SafeFileHandle? verified = null;
        using var killed = new KillWatch(request, time);
        try
        {
            (Errno error, verified) = await ((CachedContent)file.Content.Store!).OpenVerifiedAsync(killed.Dying);
            using (verified)
                return Opened(file, error == 0 ? verified : null);
        }
        catch (OperationCanceledException)
        {
            contents.Close(file.Content);
            return Errno.EINTR;
        }
    }

    private OpenOut Opened(OpenedFile file, SafeFileHandle? verified)
    {
        ulong handle = Interlocked.Increment(ref _lastHandle);
        _open[handle] = file;
        int backing = file.Inode.Opens.Open(() => verified is null ? 0 : Backing(verified));
        return backing > 0 ? new OpenOut(handle, FuseOpenFlags.Passthrough, backing)
            : new OpenOut(handle, FuseOpenFlags.KeepCache);
    }

    public override ValueTask<Errno> ReleaseAsync(FuseRequest request, ulong nodeid, ulong fh)
    {
        if (_open.TryRemove(fh, out OpenedFile? file))
        {
            if (file.Inode.Opens.Release() is > 0 and int backing)
                _connection!.BackingClose(backing);
            contents.Close(file.Content);
        }
        return new(0);
    }

    public override ValueTask<FuseResult<FuseData>> ReadAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset, int size)
    {
        if (!_open.TryGetValue(fh, out OpenedFile? file))
            return fh == 0 ? FuseData.Bytes(default).AsAnswer() : FuseAnswer.Failed<FuseData>(Errno.EBADF);
        ulong length = file.Inode.Attributes.Size;
        if (offset >= length)
            return FuseData.Bytes(default).AsAnswer();
        size = (int)Math.Min((ulong)size, length - offset);
        (ulong from, ulong ahead) = file.Ahead(offset, size);
        ulong start = file.Inode.Data.Offset;
        if (ahead > 0)
            file.Content.Prefetch(start + from, ahead);
        if (file.Content.TryRead(start + offset, size, out ContentRange range))
        {
            // Only a whole answer will do: a short one means the end of the file to the kernel.
            if (range.Error == 0 && range.Count >= size)
                return Data(range).AsAnswer();
            range.Dispose();
        }
        return ReadSlowAsync(request, file, start + offset, size);
    }

    /// <summary>A bad place of the cache's disk: the chunks that cannot be read, or are not right, are fetched anew.</summary>
    public override void Unreadable(ulong nodeid, ulong fh, ulong offset, int size)
    {
        if (!_open.TryGetValue(fh, out OpenedFile? file) || file.Content.Store is not CachedContent store)
            return;
        ulong start = file.Inode.Data.Offset + offset;
        int last = store.Table.IndexOf(start + (ulong)size - 1);
        for (int chunk = store.Table.IndexOf(start); chunk <= last; chunk++)
            store.Verify(chunk);
    }

    private async ValueTask<FuseResult<FuseData>> ReadSlowAsync(FuseRequest request, OpenedFile file, ulong offset, int size)
    {
        using var limit = new CancellationTokenSource(file.Patience(reading.Timeout, time), time);
        using var killed = new KillWatch(request, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, killed.Dying);
        byte[]? joined = null;
        try
        {
            for (int got = 0; ;)
            {
                both.Token.ThrowIfCancellationRequested();
                if (await file.Content.EnsureAsync(offset + (ulong)got, (ulong)(size - got), both.Token) is var error and not 0)
                    return error;
                if (!file.Content.TryRead(offset + (ulong)got, size - got, out ContentRange range))
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
        catch (OperationCanceledException)
        {
            return GivenUp(killed, file);
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
        _passthrough && _connection is { HasPassthrough: true } && file.Inode.Data.Offset == 0 && file.Inode.Opens.Opens == 0 &&
        file.Content.Store is CachedContent { IsWhole: true } store && store.Table.Size == file.Inode.Attributes.Size;

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
