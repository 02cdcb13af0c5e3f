using System.Text;
using Mono.Unix.Native;
using Xget.NineP;

namespace Xget.Node.Tree;

/// <summary>A short read-only text whose words are put together when it is opened. Its length is told as 0, as of the files of
/// /proc: it is not made for that.</summary>
internal sealed class TextFile(ServedFile parent, string name, ulong id, Func<string> text)
    : TreeFile(parent, name, id, ReadMode)
{
    public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
    {
        file = null;
        if (!flags.IsReadOnly())
            return Errno.EACCES;
        file = new BytesReader(Encoding.UTF8.GetBytes(text()));
        return 0;
    }
}

/// <summary>An open file whose bytes are in memory.</summary>
internal sealed class BytesReader(ReadOnlyMemory<byte> bytes) : OpenFile
{
    public override int HeldBytes => bytes.Length;

    public override ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct) =>
        new(ReadResult.Bytes(Slice(bytes, offset, count)));

    internal static ReadOnlyMemory<byte> Slice(ReadOnlyMemory<byte> bytes, ulong offset, int count) =>
        offset >= (ulong)bytes.Length ? default
            : bytes.Slice((int)offset, Math.Min(count, bytes.Length - (int)offset));
}
