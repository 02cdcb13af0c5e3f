using System.Globalization;
using System.Text;

namespace Xget.Cli;

/// <summary>
/// Lines on their way to a terminal, pipe or file that may take its time or take nothing: one thread writes them, so that nobody who
/// adds a line waits. The queue is bounded; lines beyond that are dropped, and their number is told in the next line that gets through.
/// Thread-safe.
/// </summary>
/// <param name="write">Writes bytes; false if it failed. Called by one thread at a time, which may wait there for ever.</param>
/// <param name="tellsLoss">Whether lost lines are counted and told.</param>
internal sealed class LineQueue(Func<ReadOnlyMemory<byte>, bool> write, bool tellsLoss = true) : IDisposable
{
    internal const int MaxLines = 10_000;
    internal const int MaxBytes = 2 << 20;

    /// <summary>What is written at once, unless one line is longer.</summary>
    private const int BatchBytes = 64 << 10;

    /// <summary>How long the end waits for what is queued.</summary>
    internal static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(1);

    private readonly object _gate = new(); // waited on, which a Lock cannot
    private readonly Queue<(byte[] Line, long Records)> _lines = new();
    private int _bytes;
    private long _lost;
    private bool _isWriting;
    private bool _isTorn;
    private bool _hasEnded;
    private Thread? _writer;

    /// <summary>Whether all lines are written.</summary>
    internal bool IsIdle
    {
        get
        {
            lock (_gate)
                return _lines.Count == 0 && !_isWriting;
        }
    }

    /// <summary>Queues a text that ends with its newline, or drops it. Never waits.</summary>
    internal void Add(string line)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(line);
        lock (_gate)
        {
            if (_hasEnded || _lines.Count >= MaxLines - 1 || _bytes + bytes.Length > MaxBytes)
            {
                _lost++;
                return;
            }
            EnqueueLoss();
            Enqueue(bytes, 1);
            if (_writer is null)
            {
                // A background thread: if it is stuck in a write, the process can end all the same.
                _writer = new Thread(Run, 128 << 10) { IsBackground = true };
                _writer.Start();
            }
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until all is written, at most <see cref="FlushTime"/>.</summary>
    internal void Flush()
    {
        long start = TimeProvider.System.GetTimestamp();
        lock (_gate)
        {
            while (_lines.Count > 0 || _isWriting)
            {
                TimeSpan left = FlushTime - TimeProvider.System.GetElapsedTime(start);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
                    return;
            }
        }
    }

    /// <summary>Flushes; lines that come later are dropped.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_writer is not null)
                EnqueueLoss();
            _hasEnded = true;
            Monitor.PulseAll(_gate);
        }
        Flush();
    }

    private void Enqueue(byte[] line, long records)
    {
        _lines.Enqueue((line, records));
        _bytes += line.Length;
    }

    private void EnqueueLoss()
    {
        if (_lost == 0)
            return;
        if (tellsLoss)
            Enqueue(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"xget: {_lost:N0} lines of the log are lost: nothing took them\n")), _lost);
        _lost = 0;
    }

    private void Run()
    {
        var batch = new MemoryStream();
        while (true)
        {
            long records = 0;
            lock (_gate)
            {
                while (_lines.Count == 0)
                {
                    if (_hasEnded)
                        return;
                    Monitor.Wait(_gate);
                }
                batch.SetLength(0);
                if (_isTorn)
                    batch.WriteByte((byte)'\n');
                do
                {
                    (byte[] line, long stands) = _lines.Dequeue();
                    _bytes -= line.Length;
                    records += stands;
                    batch.Write(line);
                }
                while (_lines.TryPeek(out (byte[] Line, long) next) && batch.Length + next.Line.Length <= BatchBytes);
                _isWriting = true;
            }
            bool isWritten = write(batch.GetBuffer().AsMemory(0, (int)batch.Length));
            lock (_gate)
            {
                _isWriting = false;
                _isTorn = !isWritten;
                if (!isWritten)
                    _lost += records;
                else if (_lines.Count == 0)
                    EnqueueLoss();
                Monitor.PulseAll(_gate);
            }
        }
    }
}
