using Xget.Content;

namespace Xget.Mount.Tests;

/// <summary>What the kernel knows of a tree, kept as simply as can be: an inode lives while it, or one below it, is known.</summary>
internal sealed class NaiveInodes
{
    private readonly Dictionary<ulong, Known> _living = new() { [1] = new Known(1, [], IsDirectory: true) { Lookups = 1 } };
    private ulong _highest = 1;

    /// <summary>An inode, the key of the file it is, and the directories that it was told in.</summary>
    internal sealed record Known(ulong NodeId, HashSet<(ulong Directory, FileName Name)> Names, bool IsDirectory)
    {
        public ulong Lookups { get; set; }

        public ulong Link { get; init; }
    }

    public int Count => _living.Count;

    /// <summary>A directory that the kernel can look into.</summary>
    public ulong AnyDirectory(Random random)
    {
        ulong[] all = [.. _living.Values.Where(k => k.IsDirectory && k.Lookups > 0).Select(k => k.NodeId).Order()];
        return all[random.Next(all.Length)];
    }

    /// <summary>An inode that can be forgotten; null when there is none.</summary>
    public Known? Any(Random random)
    {
        Known[] all = [.. _living.Values.Where(k => k.NodeId != 1 && k.Lookups > 0).OrderBy(k => k.NodeId)];
        return all.Length == 0 ? null : all[random.Next(all.Length)];
    }

    /// <summary>A look-up was answered with that node id: it must be the living inode's, or a new one.</summary>
    public void Told(ulong directory, DirectoryEntry entry, ulong nodeId)
    {
        ulong link = entry.Attributes.LinkIdentity;
        Known? living = _living.Values.SingleOrDefault(k => link != 0 ? k.Link == link : k.Names.Contains((directory, entry.Name)));
        if (living is null)
        {
            Assert.True(nodeId > _highest, "a node id was used again");
            _highest = nodeId;
            _living.Add(nodeId, living = new Known(nodeId, [], entry.Type == EntryType.Directory) { Link = link });
        }
        Assert.Equal(living.NodeId, nodeId);
        living.Names.Add((directory, entry.Name));
        living.Lookups++;
    }

    public void Forgot(ulong nodeId, ulong count)
    {
        _living[nodeId].Lookups -= count;
        while (_living.Values.FirstOrDefault(IsUnused) is { } unused)
            _living.Remove(unused.NodeId);
    }

    private bool IsUnused(Known known) => known.Lookups == 0
        && !_living.Values.Any(k => k.Names.Any(n => n.Directory == known.NodeId));
}
