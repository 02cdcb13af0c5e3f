namespace Xget.Content;

/// <summary>
/// Gives each file of a tree a number from 1 to 2^56 - 1, which is its inode number wherever that can be.
/// </summary>
/// <remarks>
/// Depends on nothing but the order of the questions, so that a restart gives the same numbers. Not thread-safe.
/// </remarks>
internal sealed class NodeIds(ulong rootDevice)
{
    private const int Bits = 56;
    private const ulong Mask = (1UL << Bits) - 1;

    private readonly HashSet<ulong> _taken = [];
    private readonly Dictionary<ulong, ulong> _devices = new() { [rootDevice] = 0 };
    private readonly Dictionary<(ulong Device, ulong Inode), ulong> _shared = [];

    /// <summary>The number of a file; <paramref name="shared"/> if it may be met again under another name.</summary>
    public ulong For(ulong device, ulong inode, bool shared)
    {
        if (shared && _shared.TryGetValue((device, inode), out var known))
            return known;
        if (!_devices.TryGetValue(device, out var ordinal))
            _devices.Add(device, ordinal = (ulong)_devices.Count);
        var id = ordinal == 0 && inode <= Mask ? inode : Mix(inode ^ Mix(ordinal)) & Mask;
        while (id == 0 || !_taken.Add(id))
            id = Mix(id) & Mask;
        if (shared)
            _shared.Add((device, inode), id);
        return id;
    }

    // The finaliser of SplitMix64 with its increment, so that 0 does not stay 0.
    private static ulong Mix(ulong value)
    {
        value += 0x9e3779b97f4a7c15;
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }
}
