using Xget.NineP;
using Xget.Node.Tree;

namespace Xget.Node.Exporting;

/// <summary>
/// One reader of the latest records: from those that are kept when it reads the beginning to the last of that moment. It holds two
/// positions and no text. Where records have gone meanwhile it goes on with the oldest that is kept.
/// </summary>
internal sealed class RecordReader(LatestRecords records)
{
    private readonly Lock _gate = new();
    private long _start = -1;
    private long _end;

    internal ReadResult Read(ulong offset, int count)
    {
        LatestRecords.Text text = records.Read();
        lock (_gate)
        {
            if (offset == 0 || _start < 0)
                (_start, _end) = (text.Start, text.End);
            if (offset >= (ulong)(_end - _start))
                return ReadResult.Bytes(default);
            _start = Math.Max(_start, text.Start - (long)offset);
            long at = _start + (long)offset;
            return ReadResult.Bytes(BytesReader.Slice(text.Bytes, (ulong)(at - text.Start), (int)Math.Clamp(_end - at, 0, count)));
        }
    }
}
