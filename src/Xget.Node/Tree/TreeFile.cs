using System.Buffers.Binary;
using System.Text;
using Mono.Unix.Native;
using Xget.Content;
using Xget.NineP;

namespace Xget.Node.Tree;

/// <summary>A file or directory of the control tree: it exists only as long as the process does.</summary>
internal abstract class TreeFile(ServedFile? parent, ReadOnlyMemory<byte> name, ulong id, uint mode) : ServedFile
{
    internal const uint DirectoryMode = 0x4000 | 0x16D; // 040555
    internal const uint ReadMode = 0x8000 | 0x124;      // 0100444
    internal const uint WriteMode = 0x8000 | 0x92;      // 0100222
    internal const uint ReadWriteMode = 0x8000 | 0x1B6; // 0100666

    protected TreeFile(ServedFile? parent, string name, ulong id, uint mode)
        : this(parent, Encoding.UTF8.GetBytes(name), id, mode)
    {
    }

    public override ReadOnlyMemory<byte> Name => name;

    public override ServedFile Parent => parent ?? this;

    public override Qid Qid => new((mode & 0xF000) == 0x4000 ? QidType.Directory : QidType.File, 1, id);

    /// <summary>When the process began to serve the tree, in seconds since 1970: the time of all its control files.</summary>
    internal virtual long Started => (parent as TreeFile)?.Started ?? 0;

    protected virtual ulong Size => 0;

    public override Errno GetAttributes(out Attributes attributes)
    {
        var time = new NineP.Timespec(Started, 0);
        attributes = new Attributes
        {
            Mode = mode, NLink = 1, Size = Size, BlockSize = 4096, Blocks = (Size + 511) / 512,
            Atime = time, Mtime = time, Ctime = time,
        };
        return 0;
    }

    /// <summary>A qid path for a control file: mixed (splitmix64), so that control files, contents and real files do not meet.</summary>
    internal static ulong MixId(ulong a, ulong b)
    {
        ulong x = unchecked(a + (b + 1) * 0x9E3779B97F4A7C15UL);
        x = unchecked((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL);
        x = unchecked((x ^ (x >> 27)) * 0x94D049BB133111EBUL);
        return x ^ (x >> 31);
    }

    internal static ulong MixId(in Digest digest, ulong kind)
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        digest.CopyTo(bytes);
        return MixId(BinaryPrimitives.ReadUInt64LittleEndian(bytes), kind);
    }
}
