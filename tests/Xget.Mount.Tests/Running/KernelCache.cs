using System.Globalization;
using Mono.Unix.Native;
using Xget.Fuse;

namespace Xget.Mount.Tests.Running;

/// <summary>
/// A kernel that keeps names, listings and attributes for as long as it was not told to drop them, as infinite timeouts
/// allow. What it then shows is what programs see.
/// </summary>
internal sealed class KernelCache(Kernel kernel)
{
    private readonly Dictionary<(ulong Directory, string Name), ulong> _names = [];
    private readonly Dictionary<ulong, string[]> _listings = [];
    private readonly Dictionary<ulong, FuseAttr> _attributes = [];

    public static string Line(string path, uint mode, ulong mtime, uint nanoseconds, uint links, ulong size) => string.Create(
        CultureInfo.InvariantCulture, $"{path} {mode:x} {mtime}.{nanoseconds} {links} {size}");

    public void Drop(IEnumerable<Kernel.Notice> notices)
    {
        foreach (Kernel.Notice notice in notices)
        {
            if (notice.What == "name")
            {
                _names.Remove((notice.NodeId, notice.Name));
                continue;
            }
            _attributes.Remove(notice.NodeId);
            if (notice.What == "listing")
                _listings.Remove(notice.NodeId);
        }
    }

    /// <summary>A line for each path, in order.</summary>
    public async Task<List<string>> LookAtAllAsync()
    {
        List<string> lines = [];
        Stack<(ulong NodeId, string Path)> left = new([(1, "")]);
        while (left.TryPop(out (ulong NodeId, string Path) directory))
        {
            foreach (string name in await ListAsync(directory.NodeId))
            {
                string path = directory.Path + name;
                ulong node = await LookUpAsync(directory.NodeId, name);
                Assert.True(node != 0, $"{path} is listed and not there");
                if (!_attributes.TryGetValue(node, out FuseAttr attr))
                    _attributes[node] = attr = await kernel.GetAttrAsync(node);
                bool isDirectory = (attr.Mode & (uint)FilePermissions.S_IFMT) == (uint)FilePermissions.S_IFDIR;
                if (isDirectory)
                    left.Push((node, path + "/"));
                lines.Add(Line(path, attr.Mode, attr.Mtime, attr.MtimeNsec, attr.Nlink, isDirectory ? 0 : attr.Size));
            }
        }
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    private async Task<string[]> ListAsync(ulong directory)
    {
        if (!_listings.TryGetValue(directory, out string[]? listing))
            _listings[directory] = listing = [.. (await kernel.ListAsync(directory, plus: false)).Entries.Skip(2).Select(e => e.Name)];
        return listing;
    }

    private async Task<ulong> LookUpAsync(ulong directory, string name)
    {
        if (_names.TryGetValue((directory, name), out ulong node))
            return node;
        EntryWire entry = Kernel.Value(await kernel.TryLookupAsync(directory, name));
        if (entry.NodeId != 0)
            _attributes[entry.NodeId] = entry.Attr;
        return _names[(directory, name)] = entry.NodeId;
    }
}
