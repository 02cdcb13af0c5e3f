using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Xget.Fuse;

/// <summary>
/// The entries of one answer to READDIR or READDIRPLUS, as many as fit. Not thread-safe; valid until the task of the
/// method that it was given to has ended.
/// </summary>
public sealed class DirectoryWriter
{
    private const int LongestName = 1024; // The kernel's FUSE_NAME_MAX.
    private byte[] _buffer = [];
    private int _room;
    private bool _plus;

    /// <summary>Bytes taken so far; 0 if no entry was added.</summary>
    public int Written { get; private set; }

    /// <summary>The buffer that the entries lie in.</summary>
    internal byte[] Buffer => _buffer;

    internal bool IsOpen => _buffer.Length > 0;

    /// <summary>Adds an entry, if there is room; in a READDIRPLUS one that the kernel has to look up when it needs it.</summary>
    /// <param name="name">1 to 1024 bytes without `/` and NUL.</param>
    /// <param name="ino">The inode number that readdir(3) shows; not 0.</param>
    /// <param name="mode">st_mode; the type is taken from it.</param>
    /// <param name="next">The offset of what comes after this entry; not 0.</param>
    /// <returns>Whether it was added; if not, there is nothing more to add.</returns>
    /// <exception cref="ArgumentException">The name is none.</exception>
    public bool TryAdd(ReadOnlySpan<byte> name, ulong ino, uint mode, ulong next)
    {
        int before = _plus ? Unsafe.SizeOf<EntryWire>() : 0;
        bool added = TryReserve(before, name, ino, mode, next, out Span<byte> prefix);
        prefix.Clear();
        return added;
    }

    /// <summary>Adds an entry with what a look-up of it would give, if there is room.</summary>
    /// <param name="name">1 to 1024 bytes without `/` and NUL.</param>
    /// <param name="entry">If it has a node id, this counts one look-up of it, unless the name is `.` or `..`.</param>
    /// <param name="next">The offset of what comes after this entry; not 0.</param>
    /// <returns>Whether it was added; if not, no look-up counts and there is nothing more to add.</returns>
    /// <exception cref="InvalidOperationException">This answers a READDIR.</exception>
    /// <exception cref="ArgumentException">The name is none.</exception>
    public bool TryAddPlus(ReadOnlySpan<byte> name, in EntryOut entry, ulong next)
    {
        if (!_plus)
        {
            throw new InvalidOperationException("READDIR has no room for attributes");
        }

        int before = Unsafe.SizeOf<EntryWire>();
        if (!TryReserve(before, name, entry.Attr.Ino, entry.Attr.Mode, next, out Span<byte> prefix))
        {
            return false;
        }

        EntryWire wire = EntryWire.Of(entry);
        MemoryMarshal.Write(prefix, in wire);
        return true;
    }

    internal void Open(byte[] buffer, int room, bool plus)
    {
        _buffer = buffer;
        _room = room;
        _plus = plus;
        Written = 0;
    }

    internal byte[] Close()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        _room = 0;
        Written = 0;
        return buffer;
    }

    /// <summary>Takes back the look-ups that were counted, as the kernel never saw them.</summary>
    internal void Uncount(FuseCore core)
    {
        if (!_plus)
        {
            return;
        }

        ReadOnlySpan<byte> entries = _buffer.AsSpan(ReplyBuffers.BodyOffset, Written);
        while (!entries.IsEmpty)
        {
            ulong nodeid = MemoryMarshal.Read<EntryWire>(entries).NodeId;
            int length = (int)MemoryMarshal.Read<Dirent>(entries[Unsafe.SizeOf<EntryWire>()..]).NameLen;
            ReadOnlySpan<byte> name = entries.Slice(Unsafe.SizeOf<EntryWire>() + Unsafe.SizeOf<Dirent>(), length);
            if (nodeid != 0 && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
            {
                core.Uncount(nodeid);
            }

            entries = entries[Aligned(Unsafe.SizeOf<EntryWire>() + Unsafe.SizeOf<Dirent>() + length)..];
        }
    }

    private static int Aligned(int size) => (size + 7) & ~7;

    /// <summary>Writes the dirent, if it fits behind <paramref name="before"/> bytes that are the caller's to fill.</summary>
    private bool TryReserve(int before, ReadOnlySpan<byte> name, ulong ino, uint mode, ulong next, out Span<byte> prefix)
    {
        if (name.Length is 0 or > LongestName || name.IndexOfAny((byte)'/', (byte)0) >= 0)
        {
            throw new ArgumentException("not a name", nameof(name));
        }

        const int TypeShift = 12;
        int end = before + Unsafe.SizeOf<Dirent>() + name.Length;
        Span<byte> free = _buffer.AsSpan(ReplyBuffers.BodyOffset + Written, _room - Written);
        if (Aligned(end) > free.Length)
        {
            prefix = default;
            return false;
        }

        Dirent dirent = new(ino, next, (uint)name.Length, (mode >> TypeShift) & 0xf);
        MemoryMarshal.Write(free[before..], in dirent);
        name.CopyTo(free[(before + Unsafe.SizeOf<Dirent>())..]);
        free[end..Aligned(end)].Clear();
        Written += Aligned(end);
        prefix = free[..before];
        return true;
    }
}
