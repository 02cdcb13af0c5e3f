using System.Collections.Concurrent;
using Mono.Unix.Native;
using Xget.Content;
using Xget.Content.Store;
using Xget.Node.Fetching;

namespace Xget.Node.Copying;

/// <summary>
/// Fetches the contents of one plan that are missing or differ straight into the destination, and puts each file under its
/// name when it is whole. A content that fails costs only its files.
/// </summary>
internal sealed class ContentCopier(ClusterNode node, Destination destination, Placing placing, CopyProgress progress)
{
    /// <summary>Attempts to get the files of one pack of which the master has not got all any more.</summary>
    private const int MaxAttempts = 32;

    private readonly ConcurrentQueue<PackMember> _stale = [];

    /// <summary>Files whose bytes the master has not got any more.</summary>
    internal IReadOnlyCollection<PackMember> Stale => _stale;

    /// <summary>What earlier plans have placed: files that are the same here are not looked at again.</summary>
    internal Dictionary<DestinationPath, PackMember> Done { get; init; } = [];

    /// <summary>Copies the files of one content.</summary>
    /// <param name="members">The files.</param>
    /// <param name="turn">When it is fetched, if it is one of several large ones.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="CopyException">The destination takes nothing more, or the master cannot be reached.</exception>
    internal async Task CopyAsync(List<PackMember> members, Turn? turn, CancellationToken ct)
    {
        List<PackMember> wanted = members.FindAll(m => !IsDone(m) && !(placing.IsLost(m.Path) && m.Attributes.LinkIdentity == 0));
        if (wanted.Count == 0)
            return;
        Digest digest = wanted[0].Data.Content;
        Existing existing = await Existing.FindAsync(node, destination, digest, wanted, ct);
        if (existing.Error != 0)
        {
            await FailAsync(wanted, existing.Error, existing.Reason!, ct);
            return;
        }
        foreach (PackMember member in existing.Right)
            Keep(member, existing);
        if (existing.Missing.Count == 0)
            return;
        await FetchAsync(digest, wanted, existing, turn, ct);
    }

    private bool IsDone(PackMember member)
    {
        if (!Done.TryGetValue(member.Path, out PackMember? done) || done.Data != member.Data || !done.Attributes.Equals(member.Attributes))
            return false;
        placing.InPlace(member.Path, member.Attributes);
        progress.Kept((long)member.Data.Length);
        progress.FileDone();
        return true;
    }

    private void Keep(PackMember member, Existing existing)
    {
        Errno error = destination.ApplyMetadata(member.Path, member.Attributes);
        if (error == Errno.ENOTUNIQ) // a link that an earlier copy made, or no name of its own: placing it will tell
        {
            existing.Missing.Add(member);
            return;
        }
        placing.InPlace(member.Path, member.Attributes);
        progress.Kept((long)member.Data.Length);
        progress.FileDone();
        if (error != 0)
            placing.Fail(member.Path, error, EntryType.Regular);
    }

    /// <summary>
    /// Fetches what is missing. Of a pack of which the master has not got all any more, what it has: its files are halved
    /// until those that cannot be had are alone.
    /// </summary>
    private async Task FetchAsync(Digest digest, List<PackMember> wanted, Existing existing, Turn? turn, CancellationToken ct)
    {
        Queue<List<PackMember>> parts = new([existing.Missing]);
        for (int attempt = 1; parts.TryDequeue(out List<PackMember>? part); attempt++)
        {
            // The bytes of a pack of directories, in memory since the tree was read, can be a file's too.
            if (node.Find(digest) is { } before)
                await node.DropAsync(before);
            (FileContent? file, Transfer transfer, string? reason) = await FetchOnceAsync(digest, part, existing, turn, ct);
            if (reason is null)
            {
                bool all = Place(file!, part);
                if (parts.Count == 0)
                    destination.Partial.Remove(file!); // if it has got no name it is read on without one, until the node ends
                // From now on children read from the files in place: no descriptor stays open, no pack lies there twice. A
                // pack of which only a part is copied stays as it is.
                if (all && destination.Reopen(file!.Table, wanted, out PlacedContent? placed) == 0)
                    transfer.Move(placed!);
                continue;
            }
            Errno error = transfer.Error;
            List<PackMember> missing = file is null ? part : PlaceWhatIsThere(file, part);
            bool isSplit = error == Errno.ESTALE && file is not null && missing.Count > 1 && attempt < MaxAttempts;
            if (isSplit)
            {
                parts.Enqueue(missing[..(missing.Count / 2)]);
                parts.Enqueue(missing[(missing.Count / 2)..]);
            }
            else if (error == Errno.ESTALE && file is not null && parts.Count == 0)
            {
                destination.Partial.Remove(file); // nobody has the rest of it
            }
            await node.DropAsync(transfer);
            if (!isSplit)
                await FailAsync(missing, error, reason, ct);
        }
    }

    private async Task<(FileContent? File, Transfer Transfer, string? Reason)> FetchOnceAsync(
        Digest digest, List<PackMember> members, Existing existing, Turn? turn, CancellationToken ct)
    {
        FileContent? file = null;
        Errno opened = 0;
        Transfer transfer = node.Fetch(digest, ClusterNode.SizeOf(members[0].Data), members[0].Path.ToString(),
            async (table, cancel) =>
            {
                (opened, file) = await destination.Partial.OpenAsync(table, cancel);
                if (opened == 0)
                    opened = await existing.SeedAsync(destination, file!, cancel);
                return (opened, file);
            }, existing.Table, members.ConvertAll(m => m.Data), turn?.Soon, turn?.Now);
        if (turn is not null)
        {
            await transfer.NearEnd.WaitAsync(ct);
            turn.Pass();
        }
        string? reason = await transfer.Finished.WaitAsync(ct);
        Errno stored = opened != 0 ? opened : file?.WriteError ?? 0;
        if (reason is not null && stored is Errno.ENOSPC or Errno.EDQUOT or Errno.EROFS or Errno.EIO)
            throw new CopyException(reason);
        return (file, transfer, reason);
    }

    /// <summary>The first of files that are the whole content takes the content's own file, the others get copies.</summary>
    private bool Place(FileContent file, List<PackMember> members)
    {
        bool all = true;
        PackMember? whole = members.Find(m => m.Data.Offset == 0 && m.Data.Length == file.Table.Size && !placing.IsLost(m.Path));
        if (whole is not null)
            all = Count(whole, placing.Place(whole.Path, whole.Attributes, p => PlaceWhole(file, whole, p)));
        foreach (PackMember member in members)
        {
            if (member != whole)
                all &= Count(member, placing.Place(member.Path, member.Attributes,
                    p => destination.PlaceRange(file, member.Data, p, member.Attributes)));
        }
        return all;
    }

    private Errno PlaceWhole(FileContent file, PackMember whole, DestinationPath path)
    {
        Errno error = destination.PlaceFile(file, path, whole.Attributes);
        return error == Errno.EALREADY ? destination.PlaceRange(file, whole.Data, path, whole.Attributes) : error;
    }

    /// <summary>Of a content that will never be complete: the files whose bytes are there; those that are missing.</summary>
    private List<PackMember> PlaceWhatIsThere(FileContent file, List<PackMember> members)
    {
        List<PackMember> missing = [];
        foreach (PackMember member in members)
        {
            if (file.Has(member.Data))
                Count(member, placing.Place(member.Path, member.Attributes,
                    p => destination.PlaceRange(file, member.Data, p, member.Attributes)));
            else
                missing.Add(member);
        }
        return missing;
    }

    private bool Count(PackMember member, bool isPlaced)
    {
        if (isPlaced)
            progress.FileDone();
        return isPlaced;
    }

    /// <summary>These files cannot be had: it is looked for another generation, or they are named.</summary>
    private async Task FailAsync(List<PackMember> members, Errno error, string reason, CancellationToken ct)
    {
        // A master that cannot be reached gives nothing else either.
        if (error != Errno.ESTALE && !await IsMasterThereAsync(ct))
            throw new CopyException(reason);
        foreach (PackMember member in members)
        {
            if (error == Errno.ESTALE)
                _stale.Enqueue(member);
            else if (!placing.IsLost(member.Path))
                placing.Failures.Add(member.Path, reason);
        }
    }

    private async Task<bool> IsMasterThereAsync(CancellationToken ct)
    {
        try
        {
            return (await node.GenerationAsync(ct)).Generation is not null;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false; // the node has ended
        }
    }
}
