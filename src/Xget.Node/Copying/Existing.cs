using Mono.Unix.Native;
using Xget.Content;
using Xget.Content.Store;

namespace Xget.Node.Copying;

/// <summary>What of a content the destination has from earlier copies, found by hashing.</summary>
internal sealed class Existing
{
    private FileCheck? _check;
    private PackMember? _checked;

    private Existing(ChunkTable? table) => Table = table;

    /// <summary>Why the chunk table, which was needed, could not be had: 0, ESTALE or EIO.</summary>
    internal Errno Error { get; private init; }

    /// <summary>The same in words.</summary>
    internal string? Reason { get; private init; }

    /// <summary>The chunk table, if it was needed.</summary>
    internal ChunkTable? Table { get; }

    /// <summary>Files whose bytes are right.</summary>
    internal List<PackMember> Right { get; } = [];

    /// <summary>Files to fetch.</summary>
    internal List<PackMember> Missing { get; } = [];

    private List<PackMember> All { get; init; } = [];

    internal static async Task<Existing> FindAsync(ClusterNode node, Destination destination, Digest digest,
        List<PackMember> members, CancellationToken ct)
    {
        if (!members.Exists(m => destination.ReadFile(m.Path, [], out _) is 0 or Errno.EFBIG))
        {
            var none = new Existing(null);
            none.Missing.AddRange(members);
            return none;
        }
        (ChunkTable? table, Errno error, string? reason) = await node.TableAsync(digest, ct);
        if (table is null)
            return new Existing(null) { Error = error, Reason = reason };
        var found = new Existing(table) { All = members };
        if (members.TrueForAll(m => m.Data.Offset == 0 && m.Data.Length == table.Size))
            await found.CheckFilesAsync(destination, members, ct);
        else
            await found.CheckPackAsync(destination, members, ct);
        return found;
    }

    /// <summary>Puts what is right already into the new content, so that it needs no transfer.</summary>
    internal async Task<Errno> SeedAsync(Destination destination, FileContent content, CancellationToken ct)
    {
        if (_check is not null)
            return await destination.SeedAsync(_checked!.Path, _check, content, ct);
        if (Table is null)
            return 0;
        (Errno error, _) = await PackCheck.RunAsync(destination, Table, All, content, ct);
        return error;
    }

    private async Task CheckFilesAsync(Destination destination, List<PackMember> members, CancellationToken ct)
    {
        foreach (PackMember member in members)
        {
            FileCheck check = await destination.CheckFileAsync(member.Path, member.Attributes, Table!, ct);
            (check.IsRight ? Right : Missing).Add(member);
            if (check.Chunks is not null && check.Chunks.SetCount >= (_check?.Chunks?.SetCount ?? 0))
                (_check, _checked) = (check, member);
        }
    }

    private async Task CheckPackAsync(Destination destination, List<PackMember> members, CancellationToken ct)
    {
        (_, PackCheck? check) = await PackCheck.RunAsync(destination, Table!, members, seed: null, ct);
        for (int i = 0; i < members.Count; i++)
            (check!.IsRight(i) ? Right : Missing).Add(members[i]);
    }
}
