using System.Text;
using Mono.Unix.Native;
using Xget.Content;
using Xget.NineP;
using Xget.Node.Tree;
using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>
/// A directory of the paper's tree: sub-directories as themselves, each regular file as a directory of its control
/// files. Links, devices and the like are not shown, as in the original. The root has the control names beside; a real
/// file of that name shows in the plain view.
/// </summary>
internal sealed class PaperDirectory : TreeFile
{
    private readonly PublishedNode _node;
    private readonly PaperContext _context;
    private readonly ServedFile[] _control;

    internal PaperDirectory(PaperDirectory? parent, PublishedNode node, PaperContext context,
        Func<PaperDirectory, ServedFile[]>? control = null)
        : base(parent, parent is null ? "/"u8.ToArray() : node.Name.Bytes.ToArray(), MixId(node.Id, 100), DirectoryMode)
    {
        _node = node;
        _context = context;
        _control = control?.Invoke(this) ?? [];
    }

    internal override long Started => _context.Started;

    public override Errno GetAttributes(out Attributes attributes)
    {
        attributes = PublishedAttributes.Of(_node.Attributes);
        return 0;
    }

    public override Errno Walk(ReadOnlySpan<byte> name, out ServedFile? child)
    {
        child = null;
        foreach (ServedFile c in _control)
        {
            if (name.SequenceEqual(c.Name.Span))
                child = c;
        }
        if (child is null && _node.Find(name) is { } found)
            child = Child(found);
        return child is null ? Errno.ENOENT : 0;
    }

    public override Errno List(out IReadOnlyList<ServedFile?> children)
    {
        // .xget can be walked to but is not listed: a client of 2009 that copies "." would take its contents for files.
        children = new ChildList(_control.Length + _node.Children.Count, ShownChild);
        return 0;
    }

    private ServedFile? ShownChild(int index)
    {
        if (index < _control.Length)
            return _control[index].Name.Span.StartsWith("."u8) ? null : _control[index];
        PublishedNode child = _node.Children[index - _control.Length];
        foreach (ServedFile c in _control)
        {
            if (child.Name.Bytes.SequenceEqual(c.Name.Span))
                return null;
        }
        return Child(child);
    }

    private ServedFile? Child(PublishedNode child) => child.Attributes.Type switch
    {
        EntryType.Directory => new PaperDirectory(this, child, _context),
        EntryType.Regular => PaperFile.Directory(this, child, _context),
        _ => null,
    };
}

/// <summary>What the files of the paper's tree share.</summary>
/// <param name="Cluster">Who reads from whom.</param>
/// <param name="Counters">What was given out.</param>
/// <param name="Started">When the master began, in seconds since 1970.</param>
internal sealed record PaperContext(Cluster Cluster, MasterCounters Counters, long Started);

/// <summary>
/// The control files of one file, with the bytes of the 2009 tool: <c>redir</c>, <c>checksum</c> (Adler-32), <c>avail</c>,
/// <c>data</c>. Their trees are those of the original's own clients, which cannot read what Xget's nodes export.
/// </summary>
internal static class PaperFile
{
    internal static FixedDirectory Directory(PaperDirectory parent, PublishedNode node, PaperContext context)
    {
        ulong id = node.Id;
        return new FixedDirectory(parent, node.Name.Bytes.ToArray(), TreeFile.MixId(id, 101), d =>
        {
            // By path, not by inode: a client of 2009 serves the names that it has announced, and no other links to the file.
            string path = node.ToString();
            var key = new ContentKey(path, path, node.Attributes.Size);
            return
            [
                new Data(d, node, context),
                new Avail(d, id, key, context.Cluster),
                new Redir(d, id, key, context.Cluster),
                new TextFile(d, Names.Checksum, TreeFile.MixId(id, 102), () => node.Adler32.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ];
        });
    }

    private sealed class Data(ServedFile parent, PublishedNode node, PaperContext context)
        : TreeFile(parent, Names.Data, MixId(node.Id, 103), ReadMode)
    {
        public override Errno GetAttributes(out Attributes attributes)
        {
            attributes = PublishedAttributes.Of(node.Attributes);
            return 0;
        }

        public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
        {
            file = flags.IsReadOnly() ? new PublishedReader(node, context.Counters) : null;
            return file is null ? Errno.EACCES : 0;
        }
    }

    /// <summary>Each read from offset 0 is a new decision; it is held until the client takes its avail back or goes.</summary>
    private sealed class Redir(ServedFile parent, ulong file, ContentKey key, Cluster cluster)
        : TreeFile(parent, Names.Redir, MixId(file, 104), ReadMode)
    {
        public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
        {
            file = flags.IsReadOnly() && peer.Tag is NodeSession session ? new Hold(session, key, cluster) : null;
            return file is null ? Errno.EACCES : 0;
        }

        private sealed class Hold(NodeSession session, ContentKey key, Cluster cluster) : OpenFile
        {
            public override ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
            {
                if (offset > 0)
                    return new(ReadResult.Bytes(default));
                if (cluster.JoinAnew(session, key, out RouteLine route) is var error and not 0)
                    return new(ReadResult.Failed(error));
                byte[] text = Encoding.ASCII.GetBytes(route.Parent is null ? HostPort.Me : HostPort.Format(route.Parent));
                return new(ReadResult.Bytes(BytesReader.Slice(text, 0, count)));
            }
        }
    }

    /// <summary>
    /// <c>PORT me</c> or <c>PORT host!port</c>, with or without a final NUL. Never refused when it is well formed: the
    /// original would skip the file in silence. 0 bytes written means that the named parent is unknown.
    /// </summary>
    private sealed class Avail(ServedFile parent, ulong file, ContentKey key, Cluster cluster)
        : TreeFile(parent, Names.Avail, MixId(file, 105), ReadWriteMode)
    {
        public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
        {
            file = peer.Tag is NodeSession session ? new Hold(session, key, cluster) : null;
            return file is null ? Errno.EACCES : 0;
        }

        private sealed class Hold(NodeSession session, ContentKey key, Cluster cluster) : OpenFile
        {
            private readonly Lock gate = new();
            private bool advertised;

            public override ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct) =>
                new(ReadResult.Failed(Errno.EACCES));

            public override ValueTask<WriteResult> WriteAsync(ulong offset, ReadOnlyMemory<byte> data, CancellationToken ct)
            {
                if (offset > 0)
                    return new(new WriteResult(0, 0));
                string[] words = Encoding.ASCII.GetString(data.Span).TrimEnd('\0', '\n').Split(' ');
                if (words.Length != 2 || !HostPort.TryParsePort(words[0], out int port))
                    return new(new WriteResult(Errno.EINVAL, 0));
                if (words[1] != HostPort.Me &&
                    !(HostPort.TryParse(words[1], out System.Net.IPEndPoint worker) && cluster.IsWorker(key.Key, worker)))
                    return new(new WriteResult(0, 0));
                lock (gate)
                {
                    if (!advertised && cluster.Advertise(session, key, port, isOriginal: true) is var error and not 0)
                        return new(new WriteResult(error, 0));
                    advertised = true;
                }
                return new(new WriteResult(0, data.Length));
            }

            public override void Dispose()
            {
                lock (gate)
                {
                    if (advertised)
                        cluster.WithdrawAndLeave(session, key.Key);
                    advertised = false;
                }
                base.Dispose();
            }
        }
    }
}
