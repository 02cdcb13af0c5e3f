using Mono.Unix.Native;
using Xget.Content;
using Xget.NineP;
using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>How a transfer gets its chunk table.</summary>
public sealed partial class Transfer
{
    /// <summary>A chunk table up to this length comes from the master with the route; a longer one from a parent.</summary>
    private const int BurstTable = 8192;

    /// <summary>The buffer of a longer table grows with what comes.</summary>
    private const int FirstTable = 1 << 20;

    /// <summary>The longest chunk table of a content of unknown size: packs and directory objects are not large.</summary>
    private const int UnknownTable = 256 << 10;

    /// <summary>The longest that a parent can have this node allocate; a size that is known allows any chunk size.</summary>
    private long MostTable => Math.Min(_sizeHint is { } size
        ? ChunkTable.EncodedLengthFor(size, ChunkTable.SmallestChunk) : 64 * UnknownTable, ClusterNode.MostTable);

    /// <summary>A parent that has the table gives it sooner.</summary>
    private static readonly TimeSpan TableTime = TimeSpan.FromSeconds(0.5);

    /// <summary>Where no parent has given it for this time the master is asked.</summary>
    private static readonly TimeSpan TableHedgeTime = TimeSpan.FromSeconds(2);

    private ParentLink? _tableFrom;

    /// <summary>Joins and gets the chunk table: with the route if it is short, else from a parent.</summary>
    private async Task<ChunkTable?> GetTableAsync(CancellationToken ct)
    {
        int length = (int)Math.Min(_sizeHint is { } size ? ChunkTable.EncodedLengthFor(size) : UnknownTable, MostTable);
        // While another content comes there is time, and the master's link is the dearest.
        bool fromMaster = _begun && (length <= BurstTable || _sizeHint is null);
        byte[]? bytes = await JoinAsync(routes: true, fromMaster ? length : 0, ct);
        while (!_failed)
        {
            string? reason = null;
            if (bytes is not null && ChunkTable.TryDecode(bytes, Digest, out ChunkTable? table, out reason))
                return table;
            if (bytes is not null)
                _node.Log.Error("{Name}: chunk table refused: {Reason}", Name, reason);
            if (!fromMaster)
                bytes = await ReadTableAsync(_sizeHint is null ? BurstTable : length, wasWrong: bytes is not null, ct);
            else if (bytes is null)
                fromMaster = false; // longer than usual: its chunks are smaller
            else if (Interlocked.Increment(ref _retries) > _node.Options.Retries)
                Fail($"{Name}: the master gives no right chunk table");
            else
                bytes = await JoinAsync(routes: true, length, ct);
        }
        return null;
    }

    /// <summary>
    /// Reads the chunk table from the highest parent, which may itself still wait for it; where it does not come soon, from the
    /// others too: one on a slow link has much to send before it.
    /// </summary>
    private async Task<byte[]?> ReadTableAsync(int length, bool wasWrong, CancellationToken ct)
    {
        ParentLink[] links;
        lock (_gate)
            links = LinksByLevel();
        if (links.Length == 0)
        {
            await JoinAsync(routes: true, 0, ct);
            return null;
        }
        if (wasWrong && _tableFrom is { } liar)
        {
            await ReplaceAsync(liar, FailureReason.Corrupt, ct);
            return null;
        }
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Dictionary<Task<byte[]?>, ParentLink?> reads = [];
        bool isLate = false;
        for (int asked = 0; asked < links.Length || reads.Count > 0;)
        {
            ct.ThrowIfCancellationRequested();
            if (asked < links.Length)
                reads.Add(ReadTableAsync(links[asked], length, stop.Token), links[asked++]);
            else if (isLate && asked++ == links.Length)
                reads.Add(ReadMastersTableAsync(stop.Token), null);
            Task soon = Task.Delay(asked < links.Length ? TableTime : asked == links.Length ? TableHedgeTime : Timeout.InfiniteTimeSpan,
                _node.Time, stop.Token);
            var read = await Task.WhenAny([soon, .. reads.Keys]) as Task<byte[]?>;
            isLate = read is null;
            if (read is null)
                continue;
            reads.Remove(read, out _tableFrom);
            if (await read is { } table)
            {
                await stop.CancelAsync();
                return table;
            }
        }
        await ReplaceAsync(links[0], FailureReason.Lost, ct);
        return null;
    }

    /// <summary>What the master gives without a route; null if nothing.</summary>
    private async Task<byte[]?> ReadMastersTableAsync(CancellationToken ct)
    {
        if (_registration is not { Attachment: { IsLost: false } attachment })
            return null;
        Reply<byte[]> read = await WholeFile.ReadAsync(attachment.Client, Registration.Path(Digest, Names.Chunks), (int)MostTable, ct);
        return read.Ok ? read.Value : null;
    }

    /// <summary>The table says itself how long it is, in case its chunks are not of the usual size.</summary>
    private async Task<byte[]?> ReadTableAsync(ParentLink link, int usualLength, CancellationToken ct)
    {
        await link.Ready.WaitAsync(ct);
        if (link.HasFailed)
            return null;
        byte[] table = new byte[Math.Clamp(usualLength, ChunkTable.HeaderLength, FirstTable)];
        NinePClient client = link.Client!;
        uint fid = client.NewFid();
        Task<Reply<Qid[]>> walk;
        using (client.Burst())
        {
            walk = client.WalkAsync(MasterLink.RootFid, fid, Registration.Path(Digest, Names.Chunks), ct).AsTask();
            _ = client.OpenAsync(fid, OpenFlags.O_RDONLY, ct).AsTask();
        }
        Reply<Qid[]> walked = await walk;
        if (!walked.Ok)
        {
            client.FreeFid(fid, walked.Error);
            return null;
        }
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(link.Cancelled, ct);
        link.RequestStarted();
        int got = 0;
        while (got < table.Length)
        {
            Reply<int> read = await client.ReadAsync(fid, (ulong)got, table.AsMemory(got), Timeout.InfiniteTimeSpan, stop.Token);
            if (!read.Ok || read.Value == 0)
                break;
            got += read.Value;
            long length = got < ChunkTable.HeaderLength ? table.Length : ChunkTable.EncodedLengthOf(table);
            if (length > MostTable)
                break;
            if (length < table.Length || got == table.Length)
                Array.Resize(ref table, (int)Math.Min(length, 2L * table.Length)); // 0 for what is no table
        }
        link.RequestEnded();
        if (!client.Closed.IsCancellationRequested)
            _ = client.ClunkAsync(fid, CancellationToken.None).AsTask(); // not waited for: the parent may be silent
        ct.ThrowIfCancellationRequested();
        return got > 0 && got >= table.Length ? table : null;
    }

    /// <summary>The parents, each once, the highest first. Under the lock.</summary>
    private ParentLink[] LinksByLevel()
    {
        Stripe[] stripes = [.. _stripes];
        Array.Sort(stripes, (a, b) => a.Level.CompareTo(b.Level));
        List<ParentLink> links = [];
        foreach (Stripe stripe in stripes)
        {
            if (stripe.Link is { } link && !links.Contains(link))
                links.Add(link);
        }
        return [.. links];
    }
}
