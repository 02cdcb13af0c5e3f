using System.Text;
using Xget.Content;
using Xget.Content.Linux;
using Xget.Node.Wire;

namespace Xget.Mount;

/// <summary>The directory of the master's tree that is mounted, and the generation it was last read from.</summary>
internal sealed class MountedRoot(MountedContents contents, string path)
{
    internal GenerationText Generation { get; set; } = new(0, default, 0, default, 0, 0);

    /// <summary>Its entry in a generation, with its object's place; null with why it cannot be had.</summary>
    internal async Task<(DirectoryEntry? Top, MountFailure? Failure)> FindAsync(GenerationText generation, CancellationToken ct)
    {
        var data = new DataReference(generation.Root, 0, generation.RootSize);
        DirectoryLoad load = await contents.LoadAsync(data, "directory /", ct);
        if (load.Directory is not { } directory)
            return (null, new MountFailure(Words.Of(load.Error), IsUnreachable: true));
        var top = new DirectoryEntry { Name = FileName.Of("root"u8), Attributes = directory.Self, Data = data };
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (directory.Find(Encoding.UTF8.GetBytes(name)) is not { } entry)
                return (null, new MountFailure($"{path}: no such directory on the master"));
            if (entry.Type != EntryType.Directory)
                return (null, new MountFailure($"{path}: not a directory on the master"));
            load = await contents.LoadAsync(entry.Data, $"directory {path}", ct);
            if (load.Directory is null)
                return (null, new MountFailure($"{path}: {Words.Of(load.Error)}", IsUnreachable: true));
            (top, directory) = (entry, load.Directory);
        }
        return (top, null);
    }
}
