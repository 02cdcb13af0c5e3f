using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Cache;

/// <summary>
/// A content in a cache: a sparse file with a map, as far as the disk has room; chunks that it has none for are kept in
/// a little memory until others need that. Made by <see cref="ContentCache.OpenAsync"/>. Thread-safe.
/// </summary>
/// <remarks>
/// <see cref="StoredContent.Map"/> may lose chunks again, even a complete one: those dropped from memory, and those
/// whose bytes turned out damaged. Reading one gives ENODATA, which means: fetch it again. It may also gain chunks that
/// nobody wrote, while what an unclean stop left is being checked: see <see cref="ChunkFound"/>. A change of the file
/// by others is noticed by the next read or write or when it is closed, unless it falls into a write of our own.
/// </remarks>
public sealed partial class CachedContent : StoredContent
{
    private static readonly byte[] Zeros = new byte[64 << 10];

    private readonly ContentCache _cache;
    private readonly ObjectName _name;
    private readonly SharedFile? _file;
    private readonly WriteGate _gate = new();
    private readonly Lock _state = new();
    private readonly ChunkMap _inFile; // what Map says, without what is only in memory
    private readonly ChunkMap _used; // chunks whose room may hold other bytes than zeros
    private readonly ChunkMap _claimed; // chunks that are being written
    private readonly Dictionary<int, HeldChunk> _held = []; // guarded by itself
    private volatile int _heldCount;
    private long _taken;
    private int _disposed;

    internal CachedContent(ContentCache cache, ChunkTable table, ObjectName name, LockedFile? file)
        : base(table)
    {
        _cache = cache;
        _name = name;
        IsCached = file is { IsNameless: false };
        _file = file is null ? null : new SharedFile(file.Handle);
        _inFile = new ChunkMap(table.Count);
        _used = new ChunkMap(table.Count);
        _claimed = new ChunkMap(table.Count);
        if (file is null || file.IsNew)
            SetZeroChunks();
        else if (file.IsTrusted)
            Trust(file);
        if (file is not null)
            Start(file);
    }

    /// <summary>
    /// True if the content stays when it is closed. False if somebody else is filling it, or the disk does not let us:
    /// then it lives in a file without a name or in memory.
    /// </summary>
    public bool IsCached { get; }

    /// <summary>True if all of it is in a file, so that <see cref="OpenVerifiedAsync"/> may give that.</summary>
    public bool IsWhole => _file is not null && _inFile.IsComplete;

    /// <summary>
    /// Takes one verified chunk. When the disk is full, or fails, the chunk is kept in memory for a while instead, and
    /// that is no error.
    /// </summary>
    /// <returns>0, EINVAL for a wrong number or length, EBADF when disposed.</returns>
    public override Errno Write(int chunk, ReadOnlySpan<byte> bytes)
    {
        if ((uint)chunk >= (uint)Table.Count || bytes.Length != Table.LengthOf(chunk))
            return Errno.EINVAL;
        // One writer for each chunk: when the file is whole, nobody must be writing into it still.
        SpinWait wait = default;
        while (!_claimed.Set(chunk))
        {
            if (Map[chunk])
                return 0;
            wait.SpinOnce();
        }
        try
        {
            return Map[chunk] ? 0 : WriteClaimed(chunk, bytes);
        }
        finally
        {
            _claimed.Clear(chunk);
        }
    }

    /// <summary>
    /// Bytes of chunks that are there: of one file, or of one chunk in memory, so perhaps fewer than asked for.
    /// </summary>
    /// <returns>ENODATA if the first of them turn out not to be there (any more); EBADF when disposed.</returns>
    public override ContentRange Read(ulong offset, int count)
    {
        count = Cut(offset, count);
        if (count == 0)
            return ContentRange.OfBytes(default);
        int chunk = Table.IndexOf(offset);
        if (_heldCount > 0 && FindHeld(chunk) is { } held)
        {
            int at = (int)(offset - Table.OffsetOf(chunk));
            return ContentRange.OfBytes(held.Bytes.AsMemory(at, Math.Min(count, held.Bytes.Length - at)));
        }
        if (_file is null)
            return ReadZeros(CountInFile(offset, count));
        if (!_file.TryHold())
            return ContentRange.Failed(Errno.EBADF);
        ContentRange range = ReadFile(chunk, offset, count);
        if (range.File is null)
            _file.Dispose();
        return range;
    }

    /// <summary>Saves the map; the file stays in the cache and may be removed when room is short.</summary>
    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _stopping.Cancel();
        _gate.Close();
        ForgetHeld();
        if (_file is not null)
        {
            lock (_state)
            {
                if (IsCached && _isSettled)
                    _cache.Directory.Touch(_name, _cache.Now);
                else if (_verifying == 0)
                    SaveMap();
            }
            // Closing alone would not do while a reader, or a child process being started, has the descriptor too.
            NativeStore.Unlock(_file.Handle);
            _file.Dispose();
        }
        if (!IsCached)
            _cache.Space.GiveBack(Interlocked.Exchange(ref _taken, 0), isNameless: true);
        _cache.Closed();
    }

    /// <summary>The memory for a chunk was needed for others.</summary>
    internal void LetGo(HeldChunk chunk)
    {
        lock (_held)
        {
            if (!_held.TryGetValue(chunk.Number, out HeldChunk? known) || known != chunk)
                return;
            Map.Clear(chunk.Number);
            if (_inFile[chunk.Number])
                Map.Set(chunk.Number);
            _held.Remove(chunk.Number);
            _heldCount = _held.Count;
        }
    }

    private Errno WriteClaimed(int chunk, ReadOnlySpan<byte> bytes)
    {
        Errno error = WriteToFile(chunk, bytes);
        if (error == Errno.EBADF)
            return error;
        if (error != 0)
        {
            Hold(new HeldChunk(this, chunk, bytes.ToArray()));
            return Volatile.Read(ref _disposed) == 0 ? 0 : Errno.EBADF;
        }
        Have(chunk);
        if (_inFile.IsComplete)
            Settle();
        return 0;
    }

    private Errno WriteToFile(int chunk, ReadOnlySpan<byte> bytes)
    {
        bool takesRoom = !_used[chunk];
        if (_file is null || (takesRoom && !_cache.Space.TryTake(bytes.Length, !IsCached)))
            return Volatile.Read(ref _disposed) == 0 ? Errno.ENOSPC : Errno.EBADF;
        Errno error = WriteOnce(chunk, bytes);
        if (error is Errno.ENOSPC or Errno.EDQUOT && _cache.Space.MakeRoom(bytes.Length))
            error = WriteOnce(chunk, bytes);
        if (takesRoom && error != 0)
            _cache.Space.GiveBack(bytes.Length, !IsCached);
        else if (takesRoom && !IsCached)
            Interlocked.Add(ref _taken, bytes.Length);
        return error;
    }

    private Errno WriteOnce(int chunk, ReadOnlySpan<byte> bytes)
    {
        if (!_gate.TryEnter())
            return Errno.EBADF;
        try
        {
            BeginWriting();
            long offset = (long)Table.OffsetOf(chunk);
            return _used[chunk]
                ? NativeStore.Write(_file!.Handle, bytes, offset)
                : SparseFile.Write(_file!.Handle, bytes, offset);
        }
        finally
        {
            EndWriting();
            _gate.Leave();
        }
    }

    /// <summary>Without a file there are only the chunks of zeros.</summary>
    private ContentRange ReadZeros(int count)
        => Volatile.Read(ref _disposed) != 0 ? ContentRange.Failed(Errno.EBADF)
            : count == 0 ? ContentRange.Failed(Errno.ENODATA)
            : ContentRange.OfBytes(Zeros.AsMemory(0, Math.Min(count, Zeros.Length)));

    /// <summary>Of the file, which is held.</summary>
    private ContentRange ReadFile(int chunk, ulong offset, int count)
    {
        while (Volatile.Read(ref _disposed) == 0)
        {
            // Looked at before the map: who finds the file changed clears the map first.
            LeftFile? left = _left;
            count = CountInFile(offset, count);
            if (count == 0)
                return ContentRange.Failed(Errno.ENODATA);
            if (IsAs(left))
                return _cache.Options.VerifyAlways ? ReadHashed(chunk, offset, count)
                    : ContentRange.OfFile(_file!.Handle, (long)offset, count, _file);
            if (Suspect(left))
                return ContentRange.Failed(Errno.ENODATA);
            // It was changed by ourselves meanwhile.
        }
        return ContentRange.Failed(Errno.EBADF);
    }

    private int CountInFile(ulong offset, int count)
    {
        int first = Table.IndexOf(offset);
        int last = Table.IndexOf(offset + (ulong)count - 1);
        int chunk = first;
        while (chunk <= last && _inFile[chunk])
            chunk++;
        return chunk > last ? count : chunk == first ? 0 : (int)(Table.OffsetOf(chunk) - offset);
    }

    /// <summary>Once a chunk was there, writing it again, after a disk damaged it, must write its zeros too.</summary>
    private void Have(int chunk)
    {
        _used.Set(chunk);
        _inFile.Set(chunk);
        Map.Set(chunk);
    }

    private void SetZeroChunks()
    {
        for (int chunk = 0; chunk < Table.Count; chunk++)
        {
            if (Table.IsZero(chunk))
                Have(chunk);
        }
    }

    private HeldChunk? FindHeld(int chunk)
    {
        lock (_held)
            return _held.GetValueOrDefault(chunk);
    }

    private void Hold(HeldChunk chunk)
    {
        lock (_held)
        {
            _held[chunk.Number] = chunk;
            _heldCount = _held.Count;
        }
        Map.Set(chunk.Number);
        _cache.ReadThrough.Add(chunk);
        if (Volatile.Read(ref _disposed) != 0)
            ForgetHeld();
    }

    private void ForgetHeld()
    {
        HeldChunk[] held;
        lock (_held)
        {
            held = [.. _held.Values];
            _held.Clear();
            _heldCount = 0;
        }
        foreach (HeldChunk chunk in held)
            _cache.ReadThrough.Remove(chunk);
    }
}
