using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <content>Contents that are read back from the files they were placed into.</content>
public sealed partial class Destination
{
    private const int MostOpenFiles = 128;

    /// <summary>The descriptors of placed files that are read, of all contents together.</summary>
    internal OpenFileCache OpenFiles { get; } = new(MostOpenFiles);

    /// <summary>
    /// Makes a content of the files that have its bytes: one large file, or the members of a pack. Call it when they
    /// are placed, or found right by hashing, and have their metadata; what is written to one of them later, or the
    /// loss of its name, is noticed.
    /// </summary>
    /// <remarks>
    /// Other changes of an inode are noticed, too, except for a file that has several names at its source: giving it
    /// those, with <see cref="PlaceHardLink"/>, changes it.
    /// </remarks>
    /// <param name="table">The content's table.</param>
    /// <param name="members">In any order; they may overlap or repeat, and not all may be needed.</param>
    /// <param name="content">Reads until it is disposed, even if the destination is disposed before.</param>
    /// <returns>
    /// 0; EINVAL if the members are another content's, reach outside this one or do not cover it; ESTALE if a file is
    /// not there any more or has another size; EACCES if this user may not read what he has placed.
    /// </returns>
    public Errno Reopen(ChunkTable table, IReadOnlyList<PackMember> members, out PlacedContent? content)
    {
        content = null;
        if (!TryCover(table, members, out List<PackMember> needed))
            return Errno.EINVAL;
        if (!_root.TryHold())
            return Errno.EBADF;
        PlacedFile[] files = new PlacedFile[needed.Count];
        for (int i = 0; i < files.Length; i++)
        {
            Errno error = PlacedFile.Find(this, needed[i], out PlacedFile? file);
            if (error != 0)
            {
                _root.Dispose();
                return error;
            }
            files[i] = file!;
        }
        content = new PlacedContent(table, this, files);
        return 0;
    }

    /// <summary>
    /// Opens for a placed content what is under a name, perhaps no regular file; EBADF if nobody has the destination
    /// open any more.
    /// </summary>
    internal Errno OpenPlaced(DestinationPath path, out SafeFileHandle? file)
    {
        file = null;
        if (!_root.TryHold())
            return Errno.EBADF;
        try
        {
            // One call for a usual path: a chunk of a pack needs many files.
            if (NativeStore.CanOpenBeneath && path.Length <= LongestSegment)
            {
                Span<byte> name = stackalloc byte[path.Length + 1];
                path.CopyTo(name);
                name[^1] = 0;
                Errno error = NativeStore.OpenBeneath(_root.Handle, name, NativeStore.NonBlocking, out file);
                if (NativeStore.CanOpenBeneath)
                    return error;
                file?.Dispose();
            }
            Errno failed = OpenFile(path, out file, out _);
            return failed == Errno.EINVAL ? Errno.ESTALE : failed; // it is no regular file
        }
        finally
        {
            _root.Dispose();
        }
    }

    /// <summary>A placed content is disposed: forgets its descriptors.</summary>
    internal void Close(PlacedFile[] files)
    {
        foreach (PlacedFile file in files)
            OpenFiles.Forget(file);
        _root.Dispose();
    }

    /// <summary>Chooses members that follow each other without a gap, by their starts and by their ends.</summary>
    private static bool TryCover(ChunkTable table, IReadOnlyList<PackMember> members, out List<PackMember> needed)
    {
        needed = [];
        PackMember[] order = [.. members];
        // The longer of two with one start comes first, so that the other is not needed.
        Array.Sort(order, static (a, b) => a.Data.Offset != b.Data.Offset
            ? a.Data.Offset.CompareTo(b.Data.Offset)
            : b.Data.Length.CompareTo(a.Data.Length));
        ulong covered = 0;
        foreach (PackMember member in order)
        {
            DataReference data = member.Data;
            if (data.Content != table.Content || !data.IsWithin(table.Size) || data.Offset > covered)
                return false;
            if (data.End <= covered)
                continue;
            needed.Add(member);
            covered = data.End;
        }
        return covered == table.Size;
    }
}
