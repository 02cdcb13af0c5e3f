using System.Text;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Cache;
using Xget.Content.Linux;
using Xget.Content.Store;
using Xget.Content.Tests.Store;

namespace Xget.Content.Tests.Cache;

/// <summary>A directory for a cache and a clock; opens caches in it, one after the other or several at once.</summary>
internal sealed class CacheFolder : IDisposable
{
    private static readonly Guid ThisBoot = new("11111111-2222-3333-4444-555555555555");

    private readonly string _directory;

    public CacheFolder(string? below = null)
    {
        _directory = below ?? Directory.CreateTempSubdirectory("xget-cache-").FullName;
        Root = Path.Combine(_directory, "c");
        IsOurs = below is null;
    }

    public string Root { get; }

    public Clock Clock { get; } = new();

    private bool IsOurs { get; }

    public ContentCache Open(ulong? limit = null, bool verify = false, ulong minFree = 0, long memory = 1 << 20, Guid? boot = null)
    {
        CacheOptions options = new()
        {
            Directory = Root,
            SizeLimit = limit,
            MinFree = minFree,
            VerifyAlways = verify,
            ReadThrough = memory,
        };
        Errno error = ContentCache.Open(options, Clock, boot ?? ThisBoot, out ContentCache? cache, out string? reason);
        Assert.True(error == 0, reason);
        return cache!;
    }

    public string DataPath(Sample sample) => PathOf(sample.Table.Content);

    public string MapPath(Sample sample) => PathOf(sample.Table.Content) + ".map";

    public bool Has(Sample sample) => File.Exists(DataPath(sample));

    public static async Task<CachedContent> OpenIn(ContentCache cache, Sample sample)
    {
        (Errno error, StoredContent? content) = await cache.OpenAsync(sample.Table, default);
        Assert.Equal((Errno)0, error);
        return Assert.IsType<CachedContent>(content);
    }

    /// <summary>Opens a content, writes what is missing of it and closes it.</summary>
    public static async Task Store(ContentCache cache, Sample sample)
    {
        using CachedContent content = await OpenIn(cache, sample);
        sample.WriteAllTo(content);
    }

    public static int[] ChunksOf(StoredContent content)
        => [.. Enumerable.Range(0, content.Table.Count).Where(i => content.Map[i])];

    /// <summary>Everything, by as many reads as it takes; asserts that what comes is right.</summary>
    public static void AssertReads(Sample sample, StoredContent content)
    {
        byte[] bytes = new byte[sample.Bytes.Length];
        Assert.Equal((Errno)0, content.ReadInto(0, bytes));
        Assert.Equal(sample.Bytes, bytes);
    }

    /// <summary>Reads all chunks that are said to be there: each is right, or is not there any more.</summary>
    public static int AssertNothingWrong(Sample sample, StoredContent content)
    {
        int right = 0;
        byte[] bytes = new byte[sample.Table.ChunkSize];
        for (int chunk = 0; chunk < sample.Table.Count; chunk++)
        {
            if (!content.Map[chunk])
                continue;
            Span<byte> room = bytes.AsSpan(0, sample.Table.LengthOf(chunk));
            Errno error = content.ReadInto(sample.Table.OffsetOf(chunk), room);
            // Where a change was noticed the chunks that are right are found again meanwhile.
            for (int tries = 0; error == Errno.ENODATA && content.Map[chunk] && tries < 100; tries++)
                error = content.ReadInto(sample.Table.OffsetOf(chunk), room);
            if (error == 0)
            {
                Assert.Equal(sample.Chunk(chunk), room);
                right++;
                continue;
            }
            Assert.Equal(Errno.ENODATA, error);
            Assert.False(content.Map[chunk]);
        }
        return right;
    }

    /// <summary>
    /// Writes over a few bytes of a file, as a broken disk or a careless administrator would: without heeding locks, which
    /// the framework's streams do.
    /// </summary>
    public static bool Overwrite(string path, long offset, params byte[] bytes)
    {
        if (FileCalls.Open(Encoding.UTF8.GetBytes(path + '\0'), Libc.ReadWrite, out SafeFileHandle file) != 0)
            return false;
        using (file)
            return NativeStore.Write(file, bytes, offset) == 0;
    }

    /// <summary>Flips one bit anywhere in a file.</summary>
    public static void Flip(Random random, string path)
    {
        Assert.Equal((Errno)0, FileCalls.Open(Encoding.UTF8.GetBytes(path + '\0'), Libc.ReadWrite, out SafeFileHandle file));
        using (file)
        {
            int at = random.Next((int)RandomAccess.GetLength(file));
            byte[] bytes = new byte[1];
            Assert.Equal((Errno)0, NativeStore.Read(file, bytes, at, out _));
            bytes[0] ^= (byte)(1 << random.Next(8));
            Assert.Equal((Errno)0, NativeStore.Write(file, bytes, at));
        }
    }

    public void Dispose()
    {
        if (IsOurs)
            Scratch.Run("rm", "-rf", _directory);
    }

    private string PathOf(Digest content)
        => Path.Combine(Root, "objects", content.ToString()[..2], content.ToString());
}
