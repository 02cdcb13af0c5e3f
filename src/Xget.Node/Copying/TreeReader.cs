using System.Text;
using Xget.Content;
using Xget.Content.Store;
using Xget.Node.Wire;

namespace Xget.Node.Copying;

/// <summary>
/// Reads the published tree from directory objects, each verified and each once, and plans what a copy has to make. Used
/// once, by one task.
/// </summary>
internal sealed class TreeReader(ClusterNode node, CopyOptions options)
{
    /// <summary>Bytes of directory objects that are asked for at a time; a longer one comes alone.</summary>
    private const ulong MaxInFlight = 64 << 20;

    /// <summary>Directory objects that are asked for at a time.</summary>
    private const int MaxAtOnce = 4096;

    private readonly Dictionary<DataReference, ReadDirectory?> _read = []; // null while it is asked for
    private readonly HashSet<Digest> _contents = [];
    private readonly CopyPlan _plan = new(options);
    private long _memory;
    private long _entries;

    /// <summary>Plans the copy of these sources, paths below the exported root; "." is everything.</summary>
    /// <exception cref="CopyException">A source does not exist, the tree cannot be read, or is beyond a limit.</exception>
    internal async Task<CopyPlan> PlanAsync(GenerationText generation, IReadOnlyList<string> sources, CancellationToken ct)
    {
        var root = new DataReference(generation.Root, 0, generation.RootSize);
        foreach (string source in sources)
        {
            string[] names = source.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(n => n != ".").ToArray();
            if (names.Contains(".."))
                throw new CopyException($"{source}: a source must not contain ..");
            DirectoryEntry? entry = names.Length == 0 ? null : await FindAsync(root, names, source, ct);
            if (entry is null)
                await AddTreeAsync(DestinationPath.Root, root, ".", ct);
            else if (entry.Type == EntryType.Directory)
                await AddTreeAsync(DestinationPath.Root.Child(entry.Name), entry.Data, source, ct);
            else
                _plan.Add(DestinationPath.Root.Child(entry.Name), entry);
        }
        return _plan;
    }

    private async Task<DirectoryEntry> FindAsync(DataReference root, string[] names, string source, CancellationToken ct)
    {
        DataReference directory = root;
        for (int i = 0; ; i++)
        {
            DirectoryObject read = await ReadAsync(directory, i == 0 ? "/" : names[i - 1], whole: false, ct);
            DirectoryEntry entry = read.Find(Encoding.UTF8.GetBytes(names[i]))
                ?? throw new CopyException($"{source}: no such file or directory on the master");
            if (i == names.Length - 1)
                return entry;
            if (entry.Type != EntryType.Directory)
                throw new CopyException($"{source}: {names[i]} is not a directory on the master");
            directory = entry.Data;
        }
    }

    /// <summary>First all objects, then what they come to, and only then the plan.</summary>
    private async Task AddTreeAsync(DestinationPath top, DataReference root, string name, CancellationToken ct)
    {
        await ReadTreeAsync(top, root, name, ct);
        TreeSize size = TreeSize.Of(root, _read!);
        _entries += size.Entries;
        if (_entries > options.Limits.Entries || _entries < 0)
            throw TooMany();
        if (size.Depth > options.Limits.Depth)
            throw TooDeep(name);
        Take(size.Memory);

        List<(DestinationPath Path, DataReference Data)> level = [(top, root)];
        while (level.Count > 0)
        {
            ct.ThrowIfCancellationRequested();
            List<(DestinationPath, DataReference)> next = [];
            foreach ((DestinationPath directory, DataReference data) in level)
            {
                DirectoryObject its = _read[data]!.Object;
                _plan.AddDirectory(directory, its.Self);
                _plan.Lookalikes.Add(directory, its.Entries.AsSpan());
                foreach (DirectoryEntry entry in its.Entries)
                {
                    DestinationPath path = directory.Child(entry.Name);
                    if (entry.Type == EntryType.Directory)
                        next.Add((path, entry.Data));
                    else
                        _plan.Add(path, entry);
                }
            }
            level = next;
        }
    }

    /// <summary>Level by level, as many directories as may be at a time: as few waits for the network as the tree is deep.</summary>
    private async Task ReadTreeAsync(DestinationPath top, DataReference root, string name, CancellationToken ct)
    {
        List<(DestinationPath Path, DataReference Data)> level = [(top, root)];
        _read.TryAdd(root, null);
        for (int depth = 1; level.Count > 0; depth++)
        {
            if (depth > options.Limits.Depth)
                throw TooDeep(name);
            List<(DestinationPath, DataReference)> next = [];
            for (int first = 0; first < level.Count;)
            {
                List<(DestinationPath Path, DataReference Data)> some = Batch(level, first);
                first += some.Count;
                DirectoryObject[] objects = await Task.WhenAll(some.ConvertAll(d =>
                    ReadAsync(d.Data, d.Path.Parent is null ? name : d.Path.ToString(), whole: true, ct)));
                for (int i = 0; i < objects.Length; i++)
                {
                    Note(some[i].Data, objects[i]);
                    foreach (DirectoryEntry entry in objects[i].Entries)
                    {
                        if (entry.Type == EntryType.Directory && _read.TryAdd(entry.Data, null))
                            next.Add((some[i].Path.Child(entry.Name), entry.Data));
                    }
                }
            }
            level = next;
        }
    }

    private static List<(DestinationPath, DataReference)> Batch(List<(DestinationPath Path, DataReference Data)> level, int first)
    {
        int end = first;
        ulong bytes = 0;
        while (end < level.Count && end - first < MaxAtOnce && (end == first || bytes + level[end].Data.Length <= MaxInFlight))
            bytes += level[end++].Data.Length;
        return level.GetRange(first, end - first);
    }

    /// <summary>An object is here: it, and the content that it lies in, take memory.</summary>
    private void Note(DataReference data, DirectoryObject directory)
    {
        if (_read[data] is not null)
            return;
        _read[data] = new ReadDirectory(directory);
        if (directory.Entries.Length > options.Limits.Entries)
            throw TooMany();
        Take((long)directory.Entries.Length * TreeSize.BytesPerEntry / 2);
        if (_contents.Add(data.Content) && node.Find(data.Content) is { } content)
            Take((long)content.Size);
    }

    private void Take(long bytes)
    {
        _memory += bytes;
        if (_memory > options.Limits.Memory || _memory < 0)
            throw new CopyException($"the plan of this copy would take more memory than it may: {options.Limits.Memory >> 20} MiB");
    }

    private CopyException TooMany() => new($"the tree has more entries than a copy may have: {options.Limits.Entries}");

    private CopyException TooDeep(string name) =>
        new($"{name}: the directories are deeper than a copy may make them: {options.Limits.Depth} levels");

    private async Task<DirectoryObject> ReadAsync(DataReference reference, string name, bool whole, CancellationToken ct)
    {
        if (_read.GetValueOrDefault(reference) is { } known)
            return known.Object;
        (byte[]? bytes, string? reason) = await node.ReadAsync(reference, name, whole, ct);
        if (bytes is null)
            throw new CopyException(reason!);
        return DirectoryObject.TryDecode(bytes, out DirectoryObject? directory, out reason) ? directory
            : throw new CopyException($"{name}: the master's directory object is not valid: {reason}");
    }
}
