using Mono.Unix.Native;
using Serilog;
using Xget.Content;
using Xget.Content.Cache;
using Xget.Content.Store;
using Xget.Node;
using Xget.Node.Fetching;

namespace Xget.Mount;

/// <summary>The contents that a mount reads: fetched by the node into the cache, on demand. Thread-safe.</summary>
internal sealed class MountedContents(ClusterNode node, ContentCache cache, bool wholeFiles, ILogger log)
{
    /// <summary>The content that a file's bytes are in; its chunks come when they are read, or ahead of that.</summary>
    internal Transfer Open(DataReference data, string name)
    {
        cache.TryFindTable(data.Content, out ChunkTable? table);
        Transfer transfer = node.Fetch(data.Content, ClusterNode.SizeOf(data), name, OpenStoreAsync, table, ranges: wholeFiles ? null : []);
        if (!transfer.HasFailed)
            return transfer;
        // It failed for good once, but the master may publish it again.
        _ = node.DropAsync(transfer).AsTask();
        return node.Fetch(data.Content, ClusterNode.SizeOf(data), name, OpenStoreAsync, table, ranges: wholeFiles ? null : []);
    }

    /// <summary>A directory's entries.</summary>
    internal async Task<DirectoryLoad> LoadAsync(DataReference data, string name, CancellationToken ct)
    {
        Transfer transfer = Open(data, name);
        Errno error = await transfer.EnsureAsync(data.Offset, data.Length, ct);
        byte[] bytes = new byte[data.Length];
        for (int got = 0; error == 0 && got < bytes.Length;)
        {
            if (!transfer.TryRead(data.Offset + (ulong)got, bytes.Length - got, out ContentRange range))
                return new DirectoryLoad(null, Errno.EIO);
            using (range)
            {
                error = range.Count == 0 && range.Error == 0 ? Errno.EIO : range.CopyTo(bytes.AsSpan(got));
                got += range.Count;
            }
        }
        if (error != 0)
            return new DirectoryLoad(null, error);
        if (DirectoryObject.TryDecode(bytes, out DirectoryObject? directory, out string? reason))
            return new DirectoryLoad(directory, 0);
        log.Error("{Name}: the directory object is not valid: {Reason:l}", name, reason);
        return new DirectoryLoad(null, Errno.EIO);
    }

    private async Task<(Errno Error, StoredContent? Store)> OpenStoreAsync(ChunkTable table, CancellationToken ct) =>
        await cache.OpenAsync(table, ct);
}
