using Mono.Unix.Native;
using Xget.Content;
using Xget.Content.Store;
using Xget.Node.Fetching;

namespace Xget.Node.Tests;

/// <summary>A real node on a host of its own.</summary>
internal sealed class RunningNode(ClusterNode node, HostTransport transport, string name, RecordingLog log) : IAsyncDisposable
{
    public ClusterNode Node => node;

    public HostTransport Transport => transport;

    public string Name => name;

    public RecordingLog Log => log;

    /// <summary>Fetches a published file, or ranges of it, into memory.</summary>
    public Transfer Fetch(PublishedNode file, IReadOnlyList<DataReference>? ranges = null) =>
        Fetch(file, InMemory, ranges);

    /// <summary>Fetches a published file, or ranges of it.</summary>
    public Transfer Fetch(PublishedNode file, Transfer.OpenStore openStore, IReadOnlyList<DataReference>? ranges = null) =>
        node.Fetch(file.Data.Content, ClusterNode.SizeOf(file.Data), file.ToString(), openStore, ranges: ranges);

    public static Task<(Errno Error, StoredContent? Store)> InMemory(ChunkTable table, CancellationToken ct) =>
        Task.FromResult<(Errno, StoredContent?)>((0, new MemoryContent(table)));

    /// <summary>The bytes of a content, as children read them.</summary>
    public static async Task<byte[]> BytesAsync(Transfer transfer)
    {
        byte[] bytes = new byte[transfer.Size];
        for (int got = 0; got < bytes.Length;)
        {
            using ContentRange range = await transfer.ReadAsync((ulong)got, bytes.Length - got, CancellationToken.None);
            Assert.Equal((Errno)0, range.CopyTo(bytes.AsSpan(got)));
            Assert.NotEqual(0, range.Count);
            got += range.Count;
        }
        return bytes;
    }

    public ValueTask DisposeAsync() => node.DisposeAsync();
}
