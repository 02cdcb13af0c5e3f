using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>
/// How much of a pack the destination has in the files that are its members. A chunk can only be judged whole, so a
/// member is right if every chunk that it touches could be put together from members and hashed right.
/// </summary>
/// <remarks>Immutable after the run.</remarks>
public sealed class PackCheck
{
    private readonly bool[] _right;

    private PackCheck(ChunkTable table, int members)
    {
        Chunks = new ChunkMap(table.Count);
        _right = new bool[members];
    }

    /// <summary>The pack's chunks that the destination has.</summary>
    public ChunkMap Chunks { get; }

    /// <summary>True if the bytes of that member, by its place in the list, are right and it can stay.</summary>
    public bool IsRight(int member) => _right[member];

    /// <summary>Checks all members of a pack, or those that are wanted; what lies between them is not there.</summary>
    /// <param name="destination">Where the members are.</param>
    /// <param name="pack">The pack's table.</param>
    /// <param name="members">In any order; several may share bytes.</param>
    /// <param name="seed">If given, takes the chunks that are right; its write errors end the check.</param>
    /// <param name="cancellation">Looked at before each chunk.</param>
    /// <returns>The check, or what the disk said to a write into <paramref name="seed"/>.</returns>
    /// <exception cref="OperationCanceledException">Cancelled between two chunks.</exception>
    public static Task<(Errno Error, PackCheck? Check)> RunAsync(Destination destination, ChunkTable pack,
        IReadOnlyList<PackMember> members, StoredContent? seed, CancellationToken cancellation)
        => Task.Run(() => Run(destination, pack, members, seed, cancellation), cancellation);

    private static (Errno, PackCheck?) Run(Destination destination, ChunkTable pack,
        IReadOnlyList<PackMember> members, StoredContent? seed, CancellationToken cancellation)
    {
        PackCheck check = new(pack, members.Count);
        // By offset; those that reach outside the pack are never right.
        List<int> within = [];
        for (int i = 0; i < members.Count; i++)
        {
            check._right[i] = members[i].Data.IsWithin(pack.Size);
            if (check._right[i])
                within.Add(i);
        }
        int[] order = [.. within];
        Array.Sort(order, (a, b) => (members[a].Data.Offset, members[a].Data.Length, a)
            .CompareTo((members[b].Data.Offset, members[b].Data.Length, b)));

        using PooledBuffer buffer = new(pack.ChunkSize);
        using PooledBuffer other = new(pack.ChunkSize);
        int first = 0;
        for (int chunk = 0; chunk < pack.Count; chunk++)
        {
            cancellation.ThrowIfCancellationRequested();
            ulong begin = pack.OffsetOf(chunk);
            int length = pack.LengthOf(chunk);
            while (first < order.Length && members[order[first]].Data.End <= begin)
                first++;
            Span<byte> bytes = buffer.Span[..length];
            bool isThere = check.Assemble(destination, members, order.AsSpan(first), begin, bytes, other.Span)
                && pack.Matches(chunk, bytes);
            if (!isThere)
            {
                check.Reject(members, order.AsSpan(first), begin, length);
                continue;
            }
            check.Chunks.Set(chunk);
            if (seed is not null && seed.Write(chunk, bytes) is var error and not 0)
                return (error, null);
        }
        check.CheckEmpty(destination, members, order);
        return (0, check);
    }

    /// <summary>Fills a chunk from the members that touch it; false if they leave a gap.</summary>
    private bool Assemble(Destination destination, IReadOnlyList<PackMember> members, ReadOnlySpan<int> order,
        ulong begin, Span<byte> chunk, Span<byte> other)
    {
        int filled = 0;
        foreach (int i in order)
        {
            PackMember member = members[i];
            if (member.Data.Offset >= begin + (ulong)chunk.Length)
                break;
            if (member.Data.End <= begin)
                continue;
            ulong from = Math.Max(member.Data.Offset, begin);
            int at = (int)(from - begin);
            Span<byte> part = other[..(int)(Math.Min(member.Data.End, begin + (ulong)chunk.Length) - from)];
            if (!destination.TryReadPart(member.Path, member.Attributes, member.Data.Length, from - member.Data.Offset, part))
            {
                _right[i] = false;
                continue;
            }
            // Of several members with the same bytes the first speaks for all that agree with it.
            int known = Math.Clamp(filled - at, 0, part.Length);
            if (!part[..known].SequenceEqual(chunk.Slice(Math.Min(at, chunk.Length), known)))
            {
                _right[i] = false;
                continue;
            }
            if (at > filled)
                return false;
            part[known..].CopyTo(chunk[(at + known)..]);
            filled = Math.Max(filled, at + part.Length);
        }
        return filled == chunk.Length;
    }

    private void Reject(IReadOnlyList<PackMember> members, ReadOnlySpan<int> order, ulong begin, int length)
    {
        foreach (int i in order)
        {
            if (members[i].Data.Offset >= begin + (ulong)length)
                break;
            if (members[i].Data.End > begin)
                _right[i] = false;
        }
    }

    /// <summary>Members without bytes touch no chunk.</summary>
    private void CheckEmpty(Destination destination, IReadOnlyList<PackMember> members, ReadOnlySpan<int> order)
    {
        foreach (int i in order)
        {
            PackMember member = members[i];
            if (member.Data.Length == 0)
                _right[i] = destination.TryReadPart(member.Path, member.Attributes, 0, 0, []);
        }
    }
}
