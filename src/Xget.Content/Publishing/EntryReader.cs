using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>Reads what the exported tree has under one name, metadata only. Not thread-safe.</summary>
internal sealed class EntryReader(SourceTree source, PublishWarnings warnings, ulong rootDevice)
{
    private readonly NodeIds _ids = new(rootDevice);
    private readonly XattrCalls _xattrs = new();
    private readonly Dictionary<ulong, SourceFile> _linked = [];    // by id, those with several names
    private bool _xattrsRefused;

    /// <summary>The node for a name in an open directory; null if it is gone or has to be left out.</summary>
    public PublishedNode? Read(SafeFileHandle directory, PublishedNode parent, FileName name)
    {
        var node = new PublishedNode(parent, name, 0, new EntryAttributes { Type = EntryType.None });
        return Fill(directory, node, name) ? node : null;
    }

    /// <summary>
    /// Reads a regular file's metadata again, since it has changed; false if it is gone or no longer one.
    /// </summary>
    public bool ReadAgain(SafeFileHandle directory, PublishedNode node) =>
        Fill(directory, node, source.SoleFile.IsEmpty ? node.Name : source.SoleFile)
        && node.Type == EntryType.Regular;

    /// <summary>A directory's attributes, from its open descriptor.</summary>
    public EntryAttributes OfDirectory(SafeFileHandle directory, in RawStatus status)
    {
        var error = _xattrs.Read(directory, out var xattrs);
        WarnOfXattrs(error);
        return Attributes(status) with { LinkCount = 2, Xattrs = LeftOut.Without(OwnDigestXattr.Without(xattrs)) };
    }

    /// <summary>A number for a directory, which nothing else has.</summary>
    public ulong IdOfDirectory(in RawStatus status) => _ids.For(status.Device, status.Inode, shared: false);

    private bool Fill(SafeFileHandle directory, PublishedNode node, FileName name)
    {
        var error = FileCalls.Status(directory, name.Terminated, out var status);
        if (error != 0)
            return Refuse(node, error);
        if (status.Type == EntryType.Directory)
        {
            node.Attributes = Attributes(status);    // the rest comes when it is opened
            return true;
        }

        var attributes = Attributes(status);
        if (attributes.Type == EntryType.Symlink)
        {
            error = FileCalls.ReadLink(directory, name.Terminated, out var target);
            if (error != 0)
                return Refuse(node, error == Errno.EINVAL ? Errno.ENOENT : error);
            attributes = attributes with { SymlinkTarget = target, Size = (ulong)target.Length };
        }
        WarnOfXattrs(_xattrs.Read(directory, name, out var xattrs));
        var isLinked = attributes.LinkCount > 1;
        node.Id = _ids.For(status.Device, status.Inode, isLinked);
        node.Attributes = attributes with { Xattrs = OwnDigestXattr.Without(xattrs), LinkIdentity = isLinked ? node.Id : 0 };
        node.File = node.Type == EntryType.Regular ? FileOf(node, status, isLinked) : null;
        return true;
    }

    private static EntryAttributes Attributes(in RawStatus status) => new()
    {
        Type = status.Type,
        Mode = status.Permissions,
        Uid = status.Uid,
        Gid = status.Gid,
        Mtime = status.Mtime.ToTimestamp(),
        Size = status.Type == EntryType.Regular ? status.Size : 0,
        RdevMajor = status.Type is EntryType.Character or EntryType.Block ? status.RdevMajor : 0,
        RdevMinor = status.Type is EntryType.Character or EntryType.Block ? status.RdevMinor : 0,
        LinkCount = Math.Max(1, status.LinkCount),
    };

    // All names of one file share it, so that it is hashed once.
    private SourceFile FileOf(PublishedNode node, in RawStatus status, bool isLinked)
    {
        if (isLinked && _linked.TryGetValue(node.Id, out var known) && known.Identity == FileIdentity.Of(status))
            return known;
        var file = new SourceFile(source, node, status);
        if (isLinked)
            _linked[node.Id] = file;
        return file;
    }

    // What vanished while we looked was not part of the tree.
    private bool Refuse(PublishedNode node, Errno error)
    {
        if (error != Errno.ENOENT)
            warnings.LeftOut(node, error);
        return false;
    }

    private void WarnOfXattrs(Errno error)
    {
        if (error == 0 || _xattrsRefused || (error == Errno.ENOENT && Directory.Exists("/proc/self/fd")))
            return;
        _xattrsRefused = true;
        warnings.Add(error == Errno.ENOENT
            ? "extended attributes of files are left out, as /proc is not mounted"
            : $"some extended attributes could not be read: {Words.Of(error)}");
    }
}
