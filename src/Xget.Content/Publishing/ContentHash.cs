using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>The hashing of one content, in segments that different threads take. Each segment is hashed once.</summary>
internal sealed class ContentHash
{
    private const int BytesPerSegment = 16 << 20;

    private readonly SourceFile[] _members;
    private readonly ulong _size;
    private readonly ChunkTableBuilder _table;
    private readonly int _chunksPerSegment;
    private readonly uint[] _adlers;
    private readonly Digest[] _ownDigests;
    private int _left;
    private volatile bool _failed;
    private (SourceFile File, Errno Error)? _failure;

    /// <param name="plan">What is hashed.</param>
    /// <param name="again">True if it is hashed a second time because a file changed meanwhile: sizes may be outgrown.</param>
    public ContentHash(ContentPlan plan, bool again)
    {
        Plan = plan;
        IsAgain = again;
        _members = plan.Members;
        _size = plan.Size;
        _table = new ChunkTableBuilder(_size);
        // A pack is one segment with a checksum for each member, a file as many as it needs with one for each of them.
        _chunksPerSegment = _members.Length > 1 ? _table.Count : BytesPerSegment / _table.ChunkSize;
        Segments = (_table.Count + _chunksPerSegment - 1) / _chunksPerSegment;
        _left = Segments;
        _adlers = new uint[Math.Max(Segments, _members.Length)];
        _ownDigests = new Digest[_members.Length > 1 ? _members.Length : 0];
    }

    public ContentPlan Plan { get; }

    /// <summary>True if this is the second hashing, which tells whether the bytes of the first rest.</summary>
    public bool IsAgain { get; }

    /// <summary>
    /// The files that changed while they were read, but kept their inode and at least their size. Complete, and not to be
    /// changed, when all segments are done.
    /// </summary>
    public HashSet<SourceFile> Moved { get; } = [];

    public int Segments { get; }

    /// <summary>Bytes in a segment.</summary>
    public ulong LengthOf(int segment) => StopOf(segment) - StartOf(segment);

    /// <summary>Hashes a segment; true for the last one to be done, if all went well.</summary>
    public bool Hash(int segment, Span<byte> buffer, CancellationToken cancel)
    {
        if (!_failed)
            HashMembers(segment, buffer, cancel);
        return Interlocked.Decrement(ref _left) == 0 && !_failed;
    }

    /// <summary>The result, when all segments are done.</summary>
    public IndexedContent Result()
    {
        if (_members.Length > 1)
        {
            return new IndexedContent(_table.Build(), ImmutableCollectionsMarshal.AsImmutableArray(_adlers),
                ImmutableCollectionsMarshal.AsImmutableArray(_ownDigests));
        }
        var adler = _adlers[0];
        for (var i = 1; i < Segments; i++)
            adler = Adler32.Combine(adler, _adlers[i], LengthOf(i));
        return new IndexedContent(_table.Build(), adler);
    }

    /// <summary>
    /// The file that could not be read as it was found, and why: ESTALE if it has changed. Null at the second call.
    /// </summary>
    public (SourceFile File, Errno Error)? TakeFailure()
    {
        lock (_table)
        {
            var failure = _failure;
            _failure = null;
            return failure;
        }
    }

    private ulong StartOf(int segment) => _table.OffsetOf(segment * _chunksPerSegment);

    private ulong StopOf(int segment) => segment == Segments - 1 ? _size : StartOf(segment + 1);

    private void HashMembers(int segment, Span<byte> buffer, CancellationToken cancel)
    {
        var cursor = new Cursor { Chunk = segment * _chunksPerSegment, Offset = StartOf(segment) };
        var stop = StopOf(segment);
        ulong memberStart = 0;
        for (var i = 0; i < _members.Length && cursor.Offset < stop; i++)
        {
            var file = _members[i];
            var memberStop = Math.Min(stop, memberStart + file.Size);
            cursor.Adler = Adler32.Initial;
            if (_ownDigests.Length > 0)
                cursor.Own = new OwnTable(file.Size);
            var error = file.OpenToHash(out var handle);
            using (handle)
            {
                if (error == 0)
                    error = Check(file, handle, mayHaveGrown: IsAgain || file.MayGrow || cursor.Offset > memberStart);
                if (error == 0)
                {
                    error = HashFile(file, handle, memberStart, memberStop, ref cursor, buffer, cancel);
                    var check = Check(file, handle, mayHaveGrown: true);    // a short read has its reason here
                    error = check != 0 ? check : error;
                }
            }
            if (error != 0)
            {
                Fail(file, error);
                return;
            }
            _adlers[segment + i] = cursor.Adler;    // one of the two is always 0
            if (_ownDigests.Length > 0)
                _ownDigests[i] = cursor.Own.Finish();
            memberStart += file.Size;
        }
    }

    // 0 if the file is what it was found as, or has the same inode and no fewer bytes; else ESTALE.
    private Errno Check(SourceFile file, SafeFileHandle handle, bool mayHaveGrown)
    {
        var error = FileCalls.Status(handle, out var status);
        if (error != 0)
            return error;
        var was = file.Identity;
        var now = FileIdentity.Of(status);
        if (status.Type == EntryType.Regular && was.Holds(now))
            return 0;
        if (!mayHaveGrown || status.Type != EntryType.Regular || now.Size < was.Size
            || (now.Device, now.Inode) != (was.Device, was.Inode))
            return Errno.ESTALE;
        lock (_table)
            Moved.Add(file);
        return 0;
    }

    private Errno HashFile(SourceFile file, SafeFileHandle handle, ulong fileStart, ulong stop, ref Cursor cursor,
        Span<byte> buffer, CancellationToken cancel)
    {
        var mayHaveHoles = _members.Length == 1 && file.MayHaveHoles;
        long nextData = 0;
        while (cursor.Offset < stop)
        {
            cancel.ThrowIfCancellationRequested();
            var chunkStop = _table.OffsetOf(cursor.Chunk) + (uint)_table.LengthOf(cursor.Chunk);
            if (mayHaveHoles && cursor.Offset == _table.OffsetOf(cursor.Chunk))
            {
                if (nextData <= (long)cursor.Offset)
                    nextData = FileCalls.NextData(handle, (long)cursor.Offset);
                if (nextData >= (long)chunkStop)
                {
                    _table.SetZero(cursor.Chunk);
                    cursor.Adler = Adler32.AppendZeros(cursor.Adler, chunkStop - cursor.Offset);
                    cursor.Offset = chunkStop;
                    cursor.Chunk++;
                    continue;
                }
            }
            var count = (int)Math.Min((ulong)buffer.Length, Math.Min(chunkStop, stop) - cursor.Offset);
            var bytes = buffer[..count];
            var error = FileCalls.ReadExactly(handle, (long)(cursor.Offset - fileStart), bytes);
            if (error != 0)
                return error;
            cursor.Hash.Append(bytes);
            cursor.Adler = Adler32.Append(cursor.Adler, bytes);
            if (_ownDigests.Length > 0)
                cursor.Own.Append(bytes);
            cursor.Offset += (uint)count;
            if (cursor.Offset == chunkStop)
                _table.Set(cursor.Chunk++, cursor.Hash.Finish());
        }
        return 0;
    }

    private void Fail(SourceFile file, Errno error)
    {
        lock (_table)
        {
            if (!_failed)
                _failure = (file, error);
            _failed = true;
        }
    }

    // Where in the content a segment's hashing has come to; a chunk may span several members.
    private ref struct Cursor
    {
        public int Chunk;
        public ulong Offset;
        public uint Adler;
        public Blake3 Hash;
        public OwnTable Own;    // of the member, if there are several
    }
}
