using System.Numerics;

namespace Xget.NineP;

/// <summary>What a tag is doing.</summary>
internal enum TagState : byte
{
    Free,

    /// <summary>Its request waits for the reply.</summary>
    Waiting,

    /// <summary>The reply is coming in, perhaps into the caller's buffer.</summary>
    Receiving,

    /// <summary>The caller has given up; a reply that comes before the Rflush is thrown away.</summary>
    Discarding,

    /// <summary>Given up and answered; only the Rflush is missing.</summary>
    Answered,

    /// <summary>The tag of a Tflush.</summary>
    Flushing,
}

/// <summary>One tag.</summary>
internal struct TagSlot
{
    public TagState State;
    public ushort OldTag;
    public long Deadline;
    public PendingRequest? Request;
}

/// <summary>The tags of a client; the lowest free one is taken first. Its client's lock guards it.</summary>
internal sealed class TagTable
{
    private const int FirstCapacity = 64;
    private TagSlot[] _slots = new TagSlot[FirstCapacity];
    private ulong[] _used = new ulong[1];

    /// <summary>Tags that may be in use are below this.</summary>
    public int Capacity => _slots.Length;

    public ref TagSlot this[int tag] => ref _slots[tag];

    public bool TryTake(out ushort tag)
    {
        for (int word = 0; word < _used.Length; word++)
        {
            if (_used[word] != ulong.MaxValue)
            {
                int bit = BitOperations.TrailingZeroCount(~_used[word]);
                int free = word * 64 + bit;
                tag = (ushort)free;
                if (free == NinePLimits.NoTag)
                {
                    return false;
                }

                _used[word] |= 1UL << bit;
                return true;
            }
        }

        tag = (ushort)_slots.Length;
        if (_slots.Length > NinePLimits.NoTag)
        {
            return false;
        }

        Array.Resize(ref _used, _used.Length * 2);
        Array.Resize(ref _slots, _slots.Length * 2);
        _used[tag / 64] |= 1;
        return true;
    }

    public void Free(ushort tag)
    {
        _slots[tag] = default;
        _used[tag / 64] &= ~(1UL << (tag % 64));
    }
}
