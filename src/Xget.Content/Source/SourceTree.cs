using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>
/// The exported directory: opens what lies beneath it, and nothing else, whatever is done to it meanwhile.
/// </summary>
/// <remarks>
/// Thread-safe. Files are opened without waiting (a fifo put in a file's place) and without touching atime.
/// </remarks>
internal sealed class SourceTree : IDisposable
{
    private const int MostLinks = 40;

    /// <summary>Files that are kept open: an eighth of the process's descriptors, so that most are left for connections.</summary>
    private static readonly int MostOpenFiles = Math.Clamp(DescriptorLimit.Current / 8, 8, 256);

    /// <summary>The longest path below the root, with its NUL (PATH_MAX).</summary>
    public const int LongestPath = 4096;

    // FAT counts in steps of two seconds.
    private static readonly TimeSpan CoarsestTick = TimeSpan.FromSeconds(2);

    private readonly SafeFileHandle _root;
    private readonly TimeProvider _clock;

    private SourceTree(SafeFileHandle root, FileName file, FileName shownAs, TimeProvider clock)
    {
        _root = root;
        _clock = clock;
        SoleFile = file;
        SoleName = shownAs;
    }

    /// <summary>The descriptors of the files that are read.</summary>
    public OpenFileCache OpenFiles { get; } = new(MostOpenFiles);

    /// <summary>Chunks of changed files that were read and found right.</summary>
    public CheckedChunks CheckedChunks { get; } = new();

    /// <summary>If a single file is exported: its name in the root; else empty.</summary>
    public FileName SoleFile { get; }

    /// <summary>The name under which a single file is exported: another one if a symlink was named.</summary>
    public FileName SoleName { get; }

    /// <summary>
    /// Opens a directory, or for a file the directory that holds it. Symlinks in the path itself are followed.
    /// </summary>
    public static Errno Open(ReadOnlySpan<byte> path, TimeProvider clock, out SourceTree? tree)
    {
        tree = null;
        var terminated = new byte[path.Length + 1];
        path.CopyTo(terminated);
        if (path.Contains((byte)0))
            return Errno.EINVAL;
        var error = FileCalls.Open(terminated, Libc.PathOnly, out var handle);
        if (error != 0)
            return error;
        error = FileCalls.Status(handle, out var status);
        if (error == 0 && status.Type == EntryType.Directory)
        {
            tree = new SourceTree(handle, default, default, clock);
            return 0;
        }
        handle.Dispose();
        return error != 0 ? error : status.Type != EntryType.Regular ? Errno.EINVAL : OpenSole(path, clock, out tree);
    }

    /// <summary>Opens a directory below the root, or the root itself, for listing.</summary>
    public Errno OpenDirectory(PublishedNode node, out SafeFileHandle directory)
    {
        Span<byte> buffer = stackalloc byte[LongestPath];
        return OpenBeneath.Open(_root, PathOf(node, buffer), Libc.ReadOnly | Libc.Directory, out directory);
    }

    /// <summary>Opens a file for reading.</summary>
    public Errno OpenFile(PublishedNode node, out SafeFileHandle handle)
    {
        Span<byte> buffer = stackalloc byte[LongestPath];
        var path = PathOf(node, buffer);
        var error = OpenBeneath.Open(_root, path, Libc.ReadOnly | Libc.NonBlocking | Libc.NoAtime, out handle);
        // Only the owner and root may leave atime alone.
        return error == Errno.EPERM
            ? OpenBeneath.Open(_root, path, Libc.ReadOnly | Libc.NonBlocking, out handle)
            : error;
    }

    /// <summary>
    /// Whether a status with that change time is old enough for the next change to show, whatever the granularity of
    /// the file system's clock.
    /// </summary>
    public bool IsSettled(Timestamp ctime)
    {
        var before = _clock.GetUtcNow() - CoarsestTick;
        return ctime.Seconds < before.ToUnixTimeSeconds();
    }

    /// <summary>Closes the files that nobody reads and keeps none open from now on.</summary>
    public void CloseIdle()
    {
        OpenFiles.Dispose();
        CheckedChunks.Dispose();
    }

    public void Dispose()
    {
        CloseIdle();
        _root.Dispose();
    }

    private static Errno OpenSole(ReadOnlySpan<byte> path, TimeProvider clock, out SourceTree? tree)
    {
        tree = null;
        if (!FileName.TryCreate(LastOf(path), out var shownAs, out _))
            return Errno.EINVAL;
        var resolved = path.ToArray();
        for (var links = 0; FileCalls.ReadLink([.. resolved, 0], out var target) == 0; links++)
        {
            if (links == MostLinks)
                return Errno.ELOOP;
            resolved = target[0] == '/' ? target : [.. DirectoryOf(resolved), .. target];
        }
        if (!FileName.TryCreate(LastOf(resolved), out var file, out _))
            return Errno.EINVAL;
        var error = FileCalls.Open(
            [.. DirectoryOf(resolved), (byte)'.', 0], Libc.PathOnly | Libc.Directory, out var directory);
        if (error == 0)
            tree = new SourceTree(directory, file, shownAs, clock);
        return error;
    }

    private static ReadOnlySpan<byte> LastOf(ReadOnlySpan<byte> path) => path[(path.LastIndexOf((byte)'/') + 1)..];

    private static ReadOnlySpan<byte> DirectoryOf(ReadOnlySpan<byte> path) => path[..(path.LastIndexOf((byte)'/') + 1)];

    // Filled from the end, where the node's own name stands.
    private ReadOnlySpan<byte> PathOf(PublishedNode node, Span<byte> buffer)
    {
        if (node.Parent is null)
            return ".\0"u8;
        if (!SoleFile.IsEmpty)
            return SoleFile.Terminated;
        var start = buffer.Length;
        buffer[--start] = 0;
        for (; node.Parent is not null; node = node.Parent)
        {
            if (buffer[start] != 0)
                buffer[--start] = (byte)'/';
            start -= node.Name.Length;
            node.Name.Bytes.CopyTo(buffer[start..]);
        }
        return buffer[start..];
    }
}
