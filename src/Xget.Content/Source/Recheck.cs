namespace Xget.Content;

/// <summary>
/// What is known of a source file beyond its published status: that its bytes were found to be the published ones under
/// another status, or that they were not under the published one. Thread-safe.
/// </summary>
/// <remarks>There is one only for a file that was read after it had changed.</remarks>
internal sealed class Recheck
{
    private readonly Lock _lock = new();
    private FileIdentity? _recognised;
    private FileIdentity _seen;    // under which the chunks in _checked were right
    private ulong[] _checked = [];
    private int _unchecked;
    private bool _doubted;

    /// <summary>Whether a file of that status has the published bytes, as far as is known.</summary>
    public bool Holds(in FileIdentity published, in FileIdentity now)
    {
        lock (_lock)
            return !_doubted && (published == now || _recognised == now);
    }

    /// <summary>No status tells from now on that the bytes are right: they changed while it did not.</summary>
    public void Doubt()
    {
        lock (_lock)
            _doubted = true;
    }

    /// <summary>
    /// Notes that one of the file's <paramref name="count"/> chunks was right. When all were, under one and the same
    /// status that is <paramref name="settled"/> (old enough to show the next change), the file is recognised by it.
    /// </summary>
    public void Verified(in FileIdentity seen, int chunk, int count, bool settled)
    {
        lock (_lock)
        {
            if (_seen != seen || _checked.Length == 0)
            {
                _seen = seen;
                _checked = new ulong[(count + 63) / 64];
                _unchecked = count;
            }
            var bit = 1UL << (chunk % 64);
            if ((_checked[chunk / 64] & bit) == 0)
                _unchecked--;
            _checked[chunk / 64] |= bit;
            if (_unchecked > 0 || !settled)
                return;
            _recognised = seen;
            (_seen, _checked) = (default, []);
        }
    }
}
