using System.Text;

namespace Xget.Node.Exporting;

/// <summary>
/// The latest records as one text that all readers share: put together at most once a second, when somebody reads and something
/// has come. Thread-safe.
/// </summary>
internal sealed class LatestRecords(TimeProvider time)
{
    internal const int MaxRecords = 1000;

    /// <summary>How long a text is given to readers although newer records have come.</summary>
    internal static readonly TimeSpan TextAge = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Queue<byte[]> _records = new();
    private Text _text = new(0, default);
    private long? _made;
    private int _length;
    private long _dropped; // bytes of records that are not kept any more
    private bool _isNew;

    /// <summary>The records that are kept at one moment.</summary>
    /// <param name="Start">Bytes of all records before them.</param>
    /// <param name="Bytes">UTF-8, each record with its newline.</param>
    internal sealed record Text(long Start, ReadOnlyMemory<byte> Bytes)
    {
        internal long End => Start + Bytes.Length;
    }

    internal void Add(string record)
    {
        byte[] line = Encoding.UTF8.GetBytes(record + '\n');
        lock (_gate)
        {
            if (_records.Count == MaxRecords)
            {
                byte[] oldest = _records.Dequeue();
                _dropped += oldest.Length;
                _length -= oldest.Length;
            }
            _records.Enqueue(line);
            _length += line.Length;
            _isNew = true;
        }
    }

    internal Text Read()
    {
        lock (_gate)
        {
            if (!_isNew || (_made is { } made && time.GetElapsedTime(made) < TextAge))
                return _text;
            _isNew = false;
            _made = time.GetTimestamp();
            byte[] bytes = new byte[_length];
            int length = 0;
            foreach (byte[] line in _records)
            {
                line.CopyTo(bytes, length);
                length += line.Length;
            }
            return _text = new Text(_dropped, bytes);
        }
    }
}
