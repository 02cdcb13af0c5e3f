using System.Collections.Immutable;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>Remembers the digests of files by their state, so that what has not changed is not hashed again.</summary>
/// <remarks>
/// Thread-safe. A key is the digest of the device, inode, size, mtime and ctime of the file, or of all files of a
/// pack; the value is the chunk table and each file's Adler-32. Losing the index costs time, never a wrong byte: nodes
/// verify every chunk. See FORMATS.md for the file.
/// </remarks>
public sealed class DigestIndex : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, IndexedContent> _contents = [];
    private readonly List<string> _warnings = [];
    private IndexFile? _file;

    private DigestIndex()
    {
    }

    /// <summary>Contents that are known.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _contents.Count;
        }
    }

    /// <summary>True if what is learnt outlives the process.</summary>
    public bool IsPersistent
    {
        get
        {
            lock (_lock)
                return _file is not null;
        }
    }

    /// <summary>What was wrong with the file so far, in lines for the log.</summary>
    public ImmutableArray<string> Warnings
    {
        get
        {
            lock (_lock)
                return [.. _warnings];
        }
    }

    /// <summary>An index that lasts as long as the process.</summary>
    public static DigestIndex InMemory() => new();

    /// <summary>
    /// Opens or creates an index file. Never fails: where the file cannot be used there is a warning.
    /// </summary>
    /// <remarks>A second process with the same file works in memory, beginning with nothing.</remarks>
    public static DigestIndex Open(string path)
    {
        var index = new DigestIndex();
        index._file = IndexFile.Open(path, index._warnings);
        try
        {
            index._file?.Load((key, content) => index._contents[key] = content, index._warnings);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            index.GiveUpFile($"the digest index {path} cannot be used: {Words.Of(e)}");
        }
        return index;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _file?.Dispose();
            _file = null;
        }
    }

    /// <summary>
    /// The content of files in a certain state, if it is known; it must fit their number and their size.
    /// </summary>
    internal IndexedContent? Find(Digest key, int files, ulong size)
    {
        lock (_lock)
            return _contents.TryGetValue(key, out var known) && known.Adlers.Length == files && known.Table.Size == size
                ? known
                : null;
    }

    /// <summary>Notes a content; a key that is known already is not written again.</summary>
    internal void Add(Digest key, IndexedContent content)
    {
        lock (_lock)
        {
            if (_contents.TryAdd(key, content) && _file?.Append(IndexRecord.Encode(key, content)) == false)
                GiveUpFile("the digest index cannot be written any more: digests are kept in memory only");
        }
    }

    /// <summary>Forgets all but <paramref name="used"/>, if more than half of the file is no longer of use.</summary>
    internal void Retain(HashSet<Digest> used)
    {
        lock (_lock)
        {
            long useful = 0, all = 0;
            foreach (var (key, content) in _contents)
            {
                var length = IndexRecord.LengthOf(content);
                all += length;
                useful += used.Contains(key) ? length : 0;
            }
            if (useful >= Math.Max(all, _file?.Length - IndexRecord.HeaderLength ?? 0) - useful)
                return;
            foreach (var key in _contents.Keys)
            {
                if (!used.Contains(key))
                    _contents.Remove(key); // allowed while enumerating
            }
            try
            {
                _file?.Replace(Records());
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                GiveUpFile($"the digest index cannot be compacted: {Words.Of(e)}");
            }
        }
    }

    private IEnumerable<byte[]> Records()
    {
        foreach (var (key, content) in _contents)
            yield return IndexRecord.Encode(key, content);
    }

    private void GiveUpFile(string warning)
    {
        _warnings.Add(warning);
        _file?.Dispose();
        _file = null;
    }
}
