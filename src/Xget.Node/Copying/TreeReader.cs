using System.Text;
using Xget.Content;
using Xget.Content.Store;
using Xget.Node.Wire;

namespace Xget.Node.Copying;

/// <summary>Reads the published tree from directory objects, each verified, and plans what a copy has to make.</summary>
internal sealed class TreeReader(ClusterNode node)
{
    /// <summary>Plans the copy of these sources, paths below the exported root; "." is everything.</summary>
    /// <exception cref="CopyException">A source does not exist, or the tree cannot be read.</exception>
    internal async Task<CopyPlan> PlanAsync(GenerationText generation, IReadOnlyList<string> sources, CancellationToken ct)
    {
        var plan = new CopyPlan();
        var root = new DataReference(generation.Root, 0, generation.RootSize);
        foreach (string source in sources)
        {
            string[] names = source.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(n => n != ".").ToArray();
            if (names.Contains(".."))
                throw new CopyException($"{source}: a source must not contain ..");
            DirectoryEntry? entry = names.Length == 0 ? null : await FindAsync(root, names, source, ct);
            if (entry is null)
                await AddTreeAsync(plan, DestinationPath.Root, root, ".", ct);
            else if (entry.Type == EntryType.Directory)
                await AddTreeAsync(plan, DestinationPath.Root.Child(entry.Name), entry.Data, source, ct);
            else
                plan.Add(DestinationPath.Root.Child(entry.Name), entry);
        }
        return plan;
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

    /// <summary>Level by level, all directories of one level at a time: as few waits for the network as the tree is deep.</summary>
    private async Task AddTreeAsync(CopyPlan plan, DestinationPath top, DataReference root, string name, CancellationToken ct)
    {
        List<(DestinationPath Path, DataReference Data)> level = [(top, root)];
        while (level.Count > 0)
        {
            DirectoryObject[] objects = await Task.WhenAll(level.ConvertAll(d =>
                ReadAsync(d.Data, d.Path.Parent is null ? name : d.Path.ToString(), whole: true, ct)));
            List<(DestinationPath, DataReference)> next = [];
            for (int i = 0; i < objects.Length; i++)
            {
                plan.Directories.Add((level[i].Path, objects[i].Self));
                foreach (DirectoryEntry entry in objects[i].Entries)
                {
                    DestinationPath path = level[i].Path.Child(entry.Name);
                    if (entry.Type == EntryType.Directory)
                        next.Add((path, entry.Data));
                    else
                        plan.Add(path, entry);
                }
            }
            level = next;
        }
    }

    private async Task<DirectoryObject> ReadAsync(DataReference reference, string name, bool whole, CancellationToken ct)
    {
        (byte[]? bytes, string? reason) = await node.ReadAsync(reference, name, whole, ct);
        if (bytes is null)
            throw new CopyException(reason!);
        return DirectoryObject.TryDecode(bytes, out DirectoryObject? directory, out reason) ? directory!
            : throw new CopyException($"{name}: the master's directory object is not valid: {reason}");
    }
}
