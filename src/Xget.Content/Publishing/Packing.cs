namespace Xget.Content;

/// <summary>Decides which files share a content.</summary>
/// <remarks>
/// Files of 1 byte to 128 KiB are packed in the order of the tree (depth first, names by bytes). A pack ends when it
/// has reached 4 MiB, or after a file the CRC-32C of whose path below the root is a multiple of 256: so the packs after
/// an inserted or removed file soon are the ones they were before.
/// </remarks>
internal static class Packing
{
    public const ulong LargestSmallFile = 128 << 10;
    public const ulong FullPack = 4 << 20;
    public const uint BoundaryMask = 255;

    public static List<ContentPlan> Plan(PublishedNode root, FileSystems fileSystems)
    {
        List<ContentPlan> plans = [];
        List<SourceFile> pack = [];
        HashSet<SourceFile> met = [];
        ulong size = 0;
        var path = new PathBytes();
        Visit(root);
        Close();
        return plans;

        void Visit(PublishedNode directory)
        {
            foreach (var node in directory.Entries)
            {
                var length = path.Push(node.Name);
                if (node.Type == EntryType.Directory)
                    Visit(node);
                else if (node.File is { Size: > 0 } file && met.Add(file))
                    Place(file);
                path.Pop(length);
            }
        }

        void Place(SourceFile file)
        {
            if (file.Size > LargestSmallFile)
            {
                plans.Add(new ContentPlan([file], fileSystems));
                return;
            }
            pack.Add(file);
            size += file.Size;
            if (size >= FullPack || IsBoundary(path.Bytes))
                Close();
        }

        void Close()
        {
            if (pack.Count > 0)
                plans.Add(new ContentPlan([.. pack], fileSystems));
            pack.Clear();
            size = 0;
        }
    }

    public static bool IsBoundary(ReadOnlySpan<byte> path) => (Crc32C.Of(path) & BoundaryMask) == 0;

    // The path of the node that is being visited, names joined by '/'.
    private sealed class PathBytes
    {
        private readonly byte[] _bytes = new byte[SourceTree.LongestPath];
        private int _length;

        public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

        public int Push(FileName name)
        {
            var before = _length;
            if (before > 0)
                _bytes[_length++] = (byte)'/';
            name.Bytes.CopyTo(_bytes.AsSpan(_length));
            _length += name.Length;
            return before;
        }

        public void Pop(int length) => _length = length;
    }
}
