using System.Text;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;
using Xget.Content.Store;

namespace Xget.Content.Cache;

/// <summary>What is believed of the file and its map, and what is done when they turn out wrong.</summary>
public sealed partial class CachedContent
{
    private const int FewChunks = 16;

    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _hashing = new(1, 1);
    private volatile LeftFile? _left; // null while the file is being written
    private int _writing; // this and the next three are guarded by _state
    private int _verifying; // runs under way; one that was stopped stays counted
    private int _changes; // by others, as far as noticed
    private bool _isSettled; // the map vouches for a whole file

    /// <summary>
    /// Raised, on any thread, for each chunk that <see cref="Verified"/> finds, after it was set in
    /// <see cref="StoredContent.Map"/>. Who subscribes looks at the map afterwards, for those found before.
    /// </summary>
    public event Action<int>? ChunkFound;

    /// <summary>
    /// Ends when no chunk is being checked any more, as after an unclean stop, or a change by others. Never fails.
    /// </summary>
    public Task Verified { get; private set; } = Task.CompletedTask;

    /// <summary>Hashes a chunk that is there; false if it is not, or not any more since it is damaged.</summary>
    public bool Verify(int chunk)
    {
        if (!_inFile[chunk])
            return Map[chunk] && FindHeld(chunk) is not null;
        if (_file is null)
            return true;
        if (!_file.TryHold())
            return false;
        using (_file)
        using (PooledBuffer buffer = new(Table.LengthOf(chunk)))
            return ReadRight(chunk, buffer.Span);
    }

    /// <summary>
    /// Hashes the whole file, unless that was done and it has not changed; false if it is not whole, or damaged,
    /// whereupon the damaged chunks are not there any more.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled between two chunks.</exception>
    public async Task<bool> VerifyAllAsync(CancellationToken cancellation)
    {
        if (!IsWhole || _left is not { } left || !_file!.TryHold())
            return false;
        using (_file)
        {
            if (!IsAs(left))
            {
                Suspect(left);
                return false;
            }
            if (left.IsVerified)
                return IsWhole;
            // Of many who open it at once one hashes, and the others have its word.
            await _hashing.WaitAsync(cancellation);
            try
            {
                return left.IsVerified ? IsWhole : await HashAllAsync(left, cancellation);
            }
            finally
            {
                _hashing.Release();
            }
        }
    }

    private async Task<bool> HashAllAsync(LeftFile left, CancellationToken cancellation)
    {
        ChunkMap found = new(Table.Count);
        await new ChunkVerifier(_file!.Handle, Table, Table.Size, found).RunAsync(cancellation);
        for (int chunk = found.NextMissing(0); chunk >= 0; chunk = found.NextMissing(chunk + 1))
            Damaged(chunk);
        if (!found.IsComplete || _left != left || !IsAs(left))
            return false;
        left.IsVerified = true;
        return true;
    }

    /// <summary>
    /// Whether the whole file is what was verified, by its size, times and identity. If not, nothing in it is believed any
    /// more, and what is damaged is not there.
    /// </summary>
    public bool IsAsVerified()
    {
        if (!IsWhole || _left is not { IsVerified: true } left || !_file!.TryHold())
            return false;
        using (_file)
        {
            if (IsAs(left))
                return true;
            Suspect(left);
            return false;
        }
    }

    /// <summary>
    /// A descriptor of its own for reading the file directly, as FUSE passthrough does: it holds exactly the content,
    /// hashed now or before and not changed since. The caller closes it.
    /// </summary>
    /// <returns>0, ENODATA if something is missing or damaged, or what open(2) said.</returns>
    /// <exception cref="OperationCanceledException">Cancelled between two chunks.</exception>
    public async Task<(Errno Error, SafeFileHandle? File)> OpenVerifiedAsync(CancellationToken cancellation)
    {
        if (!await VerifyAllAsync(cancellation))
            return (Errno.ENODATA, null);
        if (!_file!.TryHold())
            return (Errno.EBADF, null);
        using (_file)
        {
            // The file itself, whatever has become of its name.
            byte[] path = Encoding.ASCII.GetBytes($"/proc/self/fd/{_file.Handle.DangerousGetHandle()}\0");
            Errno error = FileCalls.Open(path, Libc.ReadOnly, out SafeFileHandle file);
            return (error, error == 0 ? file : null);
        }
    }

    /// <summary>Believes the map; what it does not tell of may be anything.</summary>
    private void Trust(LockedFile file)
    {
        for (int chunk = 0; chunk < Table.Count; chunk++)
        {
            if (file.There![chunk])
            {
                Have(chunk);
                continue;
            }
            int first = chunk;
            while (chunk + 1 < Table.Count && !file.There[chunk + 1])
                chunk++;
            ulong end = Table.EndOf(chunk);
            // Not while others read it, who may have found more to be there than the map tells.
            if (file.IsAlone && NativeStore.PunchHole(
                file.Handle, (long)Table.OffsetOf(first), (long)(end - Table.OffsetOf(first))) == 0)
                continue;
            for (int missing = first; missing <= chunk; missing++)
                _used.Set(missing);
        }
    }

    /// <summary>The file is used from now on: its map says so, unless all is there already.</summary>
    private void Start(LockedFile file)
    {
        bool wasWhole = file.IsTrusted && _inFile.IsComplete;
        lock (_state)
        {
            if (wasWhole)
                (_left, _isSettled) = (new LeftFile(file.Identity), true);
            else
                Leave();
        }
        if (wasWhole)
        {
            _cache.Directory.Touch(_name, _cache.Now);
            return;
        }
        // For a small one, which is whole or closed soon, a map that is not there says the same.
        if (IsCached && (!file.IsNew || Table.Count > FewChunks))
            WriteMap(isDone: false, file.Identity);
        if (file.IsNew || file.IsTrusted)
            Settle();
        else
            Distrust(file.There);
    }

    /// <summary>Begins to look for chunks by hashing, which may be anywhere in the file.</summary>
    private void Distrust(ChunkMap? expected)
    {
        _verifying++;
        ChunkMap data = ChunkVerifier.DataIn(_file!.Handle, Table, Table.Size);
        for (int chunk = 0; chunk < Table.Count; chunk++)
        {
            if (data[chunk])
                _used.Set(chunk);
        }
        Verified = FindAsync(Verified, expected);
    }

    private async Task FindAsync(Task before, ChunkMap? expected)
    {
        if (!_file!.TryHold())
            return;
        using (_file)
        {
            try
            {
                int changes = _changes;
                await Task.Yield(); // callers may hold locks
                await before;
                ChunkMap found = new(Table.Count);
                ChunkVerifier verifier = new(_file.Handle, Table, Table.Size, found, chunk => Found(chunk, changes));
                await verifier.RunAsync(_stopping.Token);
                for (int chunk = 0; expected is not null && chunk < Table.Count; chunk++)
                {
                    if (expected[chunk] && !found[chunk])
                        _cache.Counters.FoundCorrupt(1);
                }
                lock (_state)
                    _verifying--;
                Settle();
            }
            catch (OperationCanceledException)
            {
                // Closed; the map stays as it is, and vouches for nothing.
            }
        }
    }

    private void Found(int chunk, int changes)
    {
        lock (_state)
        {
            if (changes != _changes)
                return; // it may have been right before
            Have(chunk);
        }
        ChunkFound?.Invoke(chunk);
    }

    private void BeginWriting()
    {
        LeftFile? left;
        lock (_state)
            left = _writing == 0 ? _left : null;
        if (left is not null && !IsAs(left))
            Suspect(left);
        lock (_state)
        {
            _writing++;
            _left = null;
        }
    }

    private void EndWriting()
    {
        lock (_state)
        {
            if (--_writing == 0)
                Leave();
        }
    }

    /// <summary>Notes what the file is now; under the lock.</summary>
    private void Leave()
    {
        Errno error = FileCalls.Status(_file!.Handle, out RawStatus status);
        _left = error == 0 ? new LeftFile(FileIdentity.Of(status)) : null;
    }

    /// <summary>If all is there, and nobody writes: the map vouches for it, and others may use the file too.</summary>
    private void Settle()
    {
        lock (_state)
        {
            if (_isSettled || _verifying > 0 || _writing > 0 || !IsWhole || Volatile.Read(ref _disposed) != 0)
                return;
            if (!SaveMap())
                return;
            NativeStore.TryLockAsOneOfMany(_file!.Handle);
            _isSettled = true;
        }
    }

    /// <summary>Lets the map vouch for what is there, unless others have changed the file; under the lock.</summary>
    private bool SaveMap()
    {
        if (_left is not { } left || left.Identity.Size != Table.Size || !IsAs(left))
            return false;
        // A file that somebody removed must not vouch for its successor.
        if (IsCached && _cache.Directory.IsNamed(_name, _file!.Handle))
            WriteMap(isDone: true, left.Identity);
        return true;
    }

    private void WriteMap(bool isDone, in FileIdentity identity)
        => _cache.Directory.WriteMap(_name, MapFile.Encode(Table, _inFile, isDone, _cache.Boot, identity), _cache.Now);

    /// <summary>True if the file is what it was; where we are writing, only its size tells.</summary>
    private bool IsAs(LeftFile? left)
    {
        if (FileCalls.Status(_file!.Handle, out RawStatus status) != 0)
            return false;
        return left is null ? status.Size == Table.Size : left.Identity.Holds(FileIdentity.Of(status));
    }

    /// <summary>
    /// Somebody else has changed the file: nothing in it is believed until it was hashed. False if it was ourselves.
    /// </summary>
    private bool Suspect(LeftFile? left)
    {
        lock (_state)
        {
            if (_left != left || Volatile.Read(ref _disposed) != 0 || IsAs(left))
                return false;
            ChunkMap expected = new(Table.Count);
            for (int chunk = 0; chunk < Table.Count; chunk++)
            {
                _used.Set(chunk);
                if (!_inFile[chunk])
                    continue;
                expected.Set(chunk);
                _inFile.Clear(chunk);
                Map.Clear(chunk);
            }
            if (_isSettled && IsCached)
                _cache.Directory.MarkOpen(_name);
            _isSettled = false;
            NativeStore.Truncate(_file!.Handle, Table.Size);
            if (_writing == 0)
                Leave();
            _changes++;
            Distrust(expected);
            return true;
        }
    }

    private void Damaged(int chunk)
    {
        lock (_state)
        {
            if (!_inFile[chunk] || Volatile.Read(ref _disposed) != 0)
                return;
            if (_isSettled && IsCached)
                _cache.Directory.MarkOpen(_name);
            _isSettled = false;
            _inFile.Clear(chunk);
            Map.Clear(chunk);
            _cache.Counters.FoundCorrupt(1);
        }
    }

    /// <summary>The rest of one chunk, hashed in memory, since the file could change after hashing.</summary>
    private ContentRange ReadHashed(int chunk, ulong offset, int count)
    {
        RentedBytes bytes = new(Table.LengthOf(chunk));
        if (ReadRight(chunk, bytes.Memory.Span))
        {
            int at = (int)(offset - Table.OffsetOf(chunk));
            return ContentRange.OfBytes(bytes.Memory.Slice(at, Math.Min(count, bytes.Memory.Length - at)), bytes);
        }
        bytes.Dispose();
        return ContentRange.Failed(Errno.ENODATA);
    }

    private bool ReadRight(int chunk, Span<byte> bytes)
    {
        Errno error = NativeStore.Read(_file!.Handle, bytes, (long)Table.OffsetOf(chunk), out int count);
        if (error == 0 && Table.Matches(chunk, bytes[..count]))
            return true;
        Damaged(chunk);
        return false;
    }
}
