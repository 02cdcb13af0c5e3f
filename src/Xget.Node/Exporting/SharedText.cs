namespace Xget.Node.Exporting;

/// <summary>
/// A text that may be long: made off the caller's thread, at most once a second, and shared by all who read it. A short one is
/// made for each reader. Thread-safe.
/// </summary>
/// <param name="make">Makes the text.</param>
/// <param name="time">The clock.</param>
internal sealed class SharedText(Func<byte[]> make, TimeProvider time)
{
    /// <summary>A text up to this many bytes is made as often as it is asked for.</summary>
    private const int Short = 64 << 10;

    /// <summary>Bytes of texts that are kept for those who have begun to read them; past it the oldest is given up.</summary>
    private const int MaxKept = 64 << 20;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly LinkedList<Copy> _read = new();
    private Task<Copy>? _making;
    private Copy? _latest;
    private long _made;
    private long _kept;

    /// <summary>One state of the text. Its bytes are null when it was given up: the reader was too slow.</summary>
    internal sealed class Copy(byte[] bytes)
    {
        private volatile byte[]? _bytes = bytes;

        internal byte[]? Bytes => _bytes;

        internal int Length { get; } = bytes.Length;

        internal int Readers { get; set; }

        internal void GiveUp() => _bytes = null;
    }

    /// <summary>The text, for a reader who gives it back with <see cref="Return"/>.</summary>
    internal async ValueTask<Copy> TakeAsync()
    {
        Task<Copy> making;
        lock (_gate)
        {
            if (_making is null && _latest is { Length: > Short, Bytes: not null } latest && time.GetElapsedTime(_made) < Fresh)
                return Hold(latest);
            making = _making ??= Task.Run(Make);
        }
        Copy made = await making;
        lock (_gate)
            return Hold(made);
    }

    /// <summary>A reader needs it no more.</summary>
    internal void Return(Copy copy)
    {
        lock (_gate)
        {
            if (--copy.Readers == 0 && _read.Remove(copy))
                _kept -= copy.Length;
        }
    }

    private Copy Make()
    {
        try
        {
            var copy = new Copy(make());
            lock (_gate)
                (_latest, _made) = (copy, time.GetTimestamp());
            return copy;
        }
        finally
        {
            lock (_gate)
                _making = null;
        }
    }

    private Copy Hold(Copy copy)
    {
        if (copy.Readers++ == 0)
        {
            _read.AddLast(copy);
            _kept += copy.Length;
            while (_kept > MaxKept && _read.First is { } oldest && oldest.Value != copy)
            {
                _read.RemoveFirst();
                _kept -= oldest.Value.Length;
                oldest.Value.GiveUp();
            }
        }
        return copy;
    }
}
