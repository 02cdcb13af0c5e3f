namespace Xget.Content.Tests;

/// <summary>Valid directory objects with everything in them.</summary>
internal static class RandomDirectory
{
    public static DirectoryObject Make(Random random)
    {
        Dictionary<FileName, DirectoryEntry> entries = [];
        for (var i = random.Next(8); i > 0; i--)
        {
            var name = FileName.Of(Bytes(random, 1, 30));
            var attributes = Attributes(random, (EntryType)random.Next(1, 8));
            var data = Data(random, attributes);
            var hasOwn = attributes.Type == EntryType.Regular && !data.IsNone && random.Next(2) == 0;
            entries[name] = new DirectoryEntry
            {
                Name = name, Attributes = attributes, Data = data, OwnDigest = hasOwn ? Digest.Of(name.Bytes) : null,
            };
        }
        return DirectoryObject.Of(Attributes(random, EntryType.Directory), entries.Values);
    }

    private static EntryAttributes Attributes(Random random, EntryType type)
    {
        var target = type == EntryType.Symlink ? Bytes(random, 1, 40) : [];
        var isDevice = type is EntryType.Character or EntryType.Block;
        var isLinked = type != EntryType.Directory && random.Next(3) == 0;
        return new EntryAttributes
        {
            Type = type,
            Mode = (ushort)random.Next(4096),
            Uid = (uint)random.NextInt64(1L << 32),
            Gid = (uint)random.Next(),
            Mtime = new Timestamp(random.NextInt64(long.MinValue, long.MaxValue), (uint)random.Next(1_000_000_000)),
            Size = type == EntryType.Regular ? (ulong)random.Next(3) * (ulong)random.NextInt64(1L << 40) : (ulong)target.Length,
            RdevMajor = isDevice ? (uint)random.Next() : 0,
            RdevMinor = isDevice ? (uint)random.Next() : 0,
            LinkIdentity = isLinked ? (ulong)random.NextInt64(1, long.MaxValue) : 0,
            LinkCount = type == EntryType.Directory || isLinked ? (uint)random.Next(2, 9) : 1,
            SymlinkTarget = target,
            Xattrs = [.. Enumerable.Range(0, random.Next(4)).Select(i =>
                new Xattr([(byte)(i * 80 + 1), .. Bytes(random, 0, 10)], Bytes(random, 0, 20)))],
        };
    }

    private static DataReference Data(Random random, EntryAttributes attributes)
    {
        var digest = Digest.Of(BitConverter.GetBytes(random.NextInt64()));
        return attributes.Type == EntryType.Directory ? new DataReference(digest, 0, (ulong)random.Next(1, 9999))
            : attributes.Type == EntryType.Regular && attributes.Size > 0
                ? new DataReference(digest, (ulong)random.Next(9999), attributes.Size)
            : default;
    }

    private static byte[] Bytes(Random random, int shortest, int longest)
    {
        var bytes = new byte[random.Next(shortest, longest + 1)];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(random.Next(48, 302) & 255) is var value and not 0 ? value : (byte)'x';
        return bytes;
    }
}
