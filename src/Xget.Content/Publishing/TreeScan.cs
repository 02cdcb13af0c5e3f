using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>Looks through the exported tree, metadata only, one directory open at a time. Not thread-safe.</summary>
internal sealed class TreeScan
{
    private const int ListBuffer = 32 << 10;

    private readonly SourceTree _source;
    private readonly PublishOptions _options;
    private readonly PublishWarnings _warnings;
    private readonly ProgressCount _progress;
    private readonly EntryReader _reader;
    private readonly ulong _rootDevice;
    private readonly byte[] _buffer = new byte[ListBuffer];
    private readonly CancellationToken _cancel;

    private TreeScan(SourceTree source, PublishOptions options, PublishWarnings warnings, ProgressCount progress,
        ulong rootDevice, CancellationToken cancel)
    {
        _source = source;
        _options = options;
        _warnings = warnings;
        _progress = progress;
        _rootDevice = rootDevice;
        _cancel = cancel;
        _reader = new EntryReader(source, warnings, rootDevice);
    }

    /// <summary>The file systems that were met.</summary>
    public FileSystems FileSystems { get; } = new();

    /// <summary>The scan that found <paramref name="root"/>, which can look again at what has changed since.</summary>
    public static Errno Run(SourceTree source, PublishOptions options, PublishWarnings warnings, ProgressCount progress,
        CancellationToken cancel, out TreeScan? scan, out PublishedNode root)
    {
        scan = null;
        root = new PublishedNode(null, default, 0, new EntryAttributes { Type = EntryType.Directory, LinkCount = 2 });
        var error = source.OpenDirectory(root, out var directory);
        using (directory)
        {
            RawStatus status = default;
            if (error == 0)
                error = FileCalls.Status(directory, out status);
            if (error != 0)
                return error;
            scan = new TreeScan(source, options, warnings, progress, status.Device, cancel);
            if (scan.FileSystems.Enter(directory, status.Device, root) is { } type)
                throw new PublishException($"cannot publish: it is in a virtual file system ({type})", Errno.EINVAL);
            root.Id = scan._reader.IdOfDirectory(status);
            if (!source.SoleFile.IsEmpty)
                return scan.ReadSoleFile(directory, root);
        }
        return scan.ReadDirectory(root, pathLength: 0);
    }

    /// <summary>Reads a changed file's metadata again; false if it has to leave the tree.</summary>
    public bool ReadAgain(PublishedNode node)
    {
        var error = _source.OpenDirectory(node.Parent!, out var directory);
        PublishWarnings.RefuseShortage(node, error);
        using (directory)
            return error == 0 && _reader.ReadAgain(directory, node) && DirectoryRules.WhyNot(node.Attributes) is null;
    }

    private Errno ReadSoleFile(SafeFileHandle directory, PublishedNode root)
    {
        var node = new PublishedNode(root, _source.SoleName, 0, root.Attributes);
        if (!_reader.ReadAgain(directory, node))
            return Errno.ENOENT;
        var file = node.Attributes;
        root.Attributes = root.Attributes with { Mode = 0x1ed, Uid = file.Uid, Gid = file.Gid, Mtime = file.Mtime };
        root.Entries = [node];
        _progress.FileSeen();
        return 0;
    }

    // Recursion is bounded by the longest path: 2048 levels.
    private Errno ReadDirectory(PublishedNode node, int pathLength)
    {
        _cancel.ThrowIfCancellationRequested();
        _progress.FileSeen();
        var error = ReadEntries(node, pathLength, out var entries);
        if (error != 0)
            return error;
        var kept = 0;
        foreach (var entry in entries)
            if (entry.Type != EntryType.Directory || ReadSubdirectory(entry, pathLength + 1 + entry.Name.Length))
                entries[kept++] = entry;
        node.Entries = entries[..kept];
        return 0;
    }

    private bool ReadSubdirectory(PublishedNode node, int pathLength)
    {
        var error = ReadDirectory(node, pathLength);
        if (error is not (0 or Errno.ENOENT))
            _warnings.LeftOut(node, error);
        return error == 0;
    }

    private Errno ReadEntries(PublishedNode node, int pathLength, out PublishedNode[] entries)
    {
        entries = [];
        var error = _source.OpenDirectory(node, out var directory);
        using (directory)
        {
            RawStatus status = default;
            if (error == 0)
                error = FileCalls.Status(directory, out status);
            if (error != 0)
                return error;
            if (node.Parent is not null)
                node.Id = _reader.IdOfDirectory(status);
            node.Attributes = _reader.OfDirectory(directory, status);
            if (_options.OneFileSystem && status.Device != _rootDevice)
                return 0;
            if (FileSystems.Enter(directory, status.Device, node) is { } type)
            {
                // Nothing that a copy of the tree should have: it is told, and not named as left out.
                _warnings.Add($"{node}: a virtual file system ({type}), published as an empty directory");
                return 0;
            }

            List<FileName> names = [];
            error = DirectoryNames.Read(directory, _buffer, names);
            names.Sort();
            List<PublishedNode> found = new(names.Count);
            for (var i = 0; i < names.Count; i++)
            {
                if ((i == 0 || names[i] != names[i - 1]) && ReadEntry(directory, status.Device, node, names[i], pathLength) is { } entry)
                    found.Add(entry);
            }
            entries = [.. found];
            return error;
        }
    }

    private PublishedNode? ReadEntry(
        SafeFileHandle directory, ulong device, PublishedNode parent, FileName name, int pathLength)
    {
        if (pathLength + 1 + name.Length >= SourceTree.LongestPath)
        {
            _warnings.LeftOut(parent, name, "its path is longer than 4095 bytes");
            return null;
        }
        var node = _reader.Read(directory, parent, name);
        if (node is null || node.Type == EntryType.Directory)
            return node;
        _progress.FileSeen();
        var reason = DirectoryRules.WhyNot(node.Attributes)
            ?? (node.File is { } file && file.Identity.Device != device ? WhyNotMounted(file) : null);
        if (reason is not null)
        {
            _warnings.LeftOut(node, reason);
            return null;
        }
        return node;
    }

    // A file of another file system than its directory: an overlay's, or one that is mounted over the file.
    private string? WhyNotMounted(SourceFile file)
    {
        if (!FileSystems.Knows(file.Identity.Device, out var type))
        {
            var error = file.OpenToHash(out var handle);
            using (handle)
                type = error == 0 ? FileSystems.Enter(handle, file.Identity.Device, file.Node) : null;
        }
        return type is null ? null : $"it is in a virtual file system ({type})";
    }
}
