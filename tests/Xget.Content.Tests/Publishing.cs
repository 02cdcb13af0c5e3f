using Mono.Unix.Native;

namespace Xget.Content.Tests;

/// <summary>Publishes in tests, and reads what was published.</summary>
internal static class Publishing
{
    /// <summary>A minute ahead, so that files made just now count as settled.</summary>
    public static TimeProvider LaterClock { get; } = new ShiftedClock(TimeSpan.FromMinutes(1));

    public static async Task<Generation> Publish(this SourceFolder folder, DigestIndex? index = null,
        PublishOptions? options = null, string path = "", IProgress<PublishProgress>? progress = null)
    {
        SourceFolder.AwaitTick();
        using var own = DigestIndex.InMemory();
        return await new Publisher(LaterClock).PublishAsync(
            path == "" ? folder.Root : folder[path], index ?? own, 1, options ?? new PublishOptions(), progress);
    }

    public static PublishedNode At(this Generation generation, string path)
    {
        var node = generation.Tree;
        foreach (var name in path.Split('/'))
        {
            node = node.Find(System.Text.Encoding.UTF8.GetBytes(name));
            Assert.True(node is not null, $"{name} of {path} is not there");
        }
        return node;
    }

    /// <summary>All bytes of a content, each chunk checked against its digest.</summary>
    public static byte[] ReadAll(this PublishedContent content)
    {
        List<byte> all = [];
        for (var i = 0; i < content.Table.Count; i++)
        {
            var bytes = Bytes(content.Read(content.Table.OffsetOf(i), content.Table.LengthOf(i)));
            Assert.True(content.Table.Matches(i, bytes));
            all.AddRange(bytes);
        }
        return [.. all];
    }

    public static byte[] ReadAll(this PublishedNode node) => Bytes(node.Read(0, int.MaxValue));

    public static byte[] Bytes(ContentRange range)
    {
        using (range)
        {
            var bytes = new byte[range.Count];
            Assert.Equal((Errno)0, range.CopyTo(bytes));
            return bytes;
        }
    }

    private sealed class ShiftedClock(TimeSpan shift) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + shift;
    }
}

/// <summary>Keeps the last report.</summary>
internal sealed class LastProgress : IProgress<PublishProgress>
{
    private readonly Lock _lock = new();
    private PublishProgress _last;

    public PublishProgress Last
    {
        get
        {
            lock (_lock)
                return _last;
        }
    }

    public void Report(PublishProgress value)
    {
        lock (_lock)
            _last = value with { BytesHashed = Math.Max(value.BytesHashed, _last.BytesHashed) };
    }
}
