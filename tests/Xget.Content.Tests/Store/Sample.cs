using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

/// <summary>A content to store: its bytes and its table.</summary>
internal sealed class Sample
{
    public const int ChunkSize = 8192;

    private Sample(byte[] bytes, int chunkSize)
    {
        Bytes = bytes;
        ChunkTableBuilder builder = new((ulong)bytes.Length, chunkSize);
        for (int i = 0; i < builder.Count; i++)
            builder.Set(i, Digest.Of(bytes.AsSpan((int)builder.OffsetOf(i), builder.LengthOf(i))));
        Table = builder.Build();
    }

    public byte[] Bytes { get; }

    public ChunkTable Table { get; }

    public DataReference Whole => new(Table.Content, 0, Table.Size);

    public static Sample Of(byte[] bytes, int chunkSize = ChunkSize) => new(bytes, chunkSize);

    /// <summary>Bytes without zeros, so that nothing of them is a hole.</summary>
    public static Sample Random(int size, int seed = 1, int chunkSize = ChunkSize)
    {
        Random random = new(seed);
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++)
            bytes[i] = (byte)random.Next(1, 256);
        return new Sample(bytes, chunkSize);
    }

    public ReadOnlySpan<byte> Chunk(int index) => Bytes.AsSpan((int)Table.OffsetOf(index), Table.LengthOf(index));

    public DataReference Range(int offset, int length) => new(Table.Content, (ulong)offset, (ulong)length);

    public void WriteAllTo(StoredContent content)
    {
        for (int i = 0; i < Table.Count; i++)
            Assert.Equal((Errno)0, content.Write(i, Chunk(i)));
        Assert.True(content.Map.IsComplete);
    }

    public async Task<FileContent> StoreIn(Destination destination)
    {
        FileContent content = await OpenIn(destination);
        WriteAllTo(content);
        return content;
    }

    public async Task<FileContent> OpenIn(Destination destination)
    {
        (Errno error, FileContent? content) = await destination.Partial.OpenAsync(Table, default);
        Assert.Equal((Errno)0, error);
        return content!;
    }

    public static byte[] ReadAll(StoredContent content)
    {
        byte[] bytes = new byte[content.Table.Size];
        Assert.Equal((Errno)0, content.ReadInto(0, bytes));
        return bytes;
    }

    public static byte[] Read(StoredContent content, ulong offset, int count)
    {
        using ContentRange range = content.Read(offset, count);
        Assert.Equal((Errno)0, range.Error);
        if (range.File is null)
            return range.Bytes.ToArray();
        byte[] bytes = new byte[range.Count];
        Assert.Equal(range.Count, RandomAccess.Read(range.File, bytes, range.FileOffset));
        return bytes;
    }
}
