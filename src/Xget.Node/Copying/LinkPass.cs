using Mono.Unix.Native;
using Xget.Content;
using Xget.Content.Store;

namespace Xget.Node.Copying;

/// <summary>
/// Gives the files of a plan their further names. Where the file system allows none (another one is mounted there, it has no
/// hard links, or not so many) a copy of the file stands in place of the link.
/// </summary>
internal sealed class LinkPass(CopyPlan plan, Destination destination, Placing placing)
{
    /// <summary>Files of one group that a further name may be linked to: one for each file system that it reaches into.</summary>
    private const int MaxOrigins = 8;

    /// <summary>Links that became copies.</summary>
    internal long Copies { get; private set; }

    /// <summary>Makes all links; tells how many names of regular files are in place.</summary>
    internal int Run(CancellationToken ct)
    {
        int files = 0;
        foreach (LinkGroup group in plan.Links.Values)
        {
            List<DestinationPath> origins = group.Placed is { } placed ? [placed] : [];
            foreach (DestinationPath path in group.Others)
            {
                ct.ThrowIfCancellationRequested();
                if (path.Equals(group.Placed))
                    files += group.Attributes.Type == EntryType.Regular ? 1 : 0;
                else if (Link(path, group, origins) && group.Attributes.Type == EntryType.Regular)
                    files++;
            }
        }
        return files;
    }

    private bool Link(DestinationPath path, LinkGroup group, List<DestinationPath> origins)
    {
        if (placing.IsLost(path) || placing.Failures.Has(path) || placing.Lacked.Has(group.First))
            return false;
        if (origins.Count == 0)
        {
            placing.Failures.Add(path, $"is a link to {group.First}, which is not in place");
            return false;
        }
        Errno error = 0;
        for (int i = origins.Count - 1; i >= 0; i--)
        {
            error = destination.PlaceHardLink(path, origins[i]);
            if (error is not (Errno.EXDEV or Errno.EMLINK or Errno.EPERM or Errno.ENOSYS or Errno.EOPNOTSUPP))
                break;
        }
        if (error is Errno.EXDEV or Errno.EMLINK or Errno.EPERM or Errno.ENOSYS or Errno.EOPNOTSUPP)
        {
            error = group.Attributes.Type == EntryType.Regular
                ? destination.PlaceDuplicate(path, origins[^1], group.Attributes)
                : placing.PlaceOther(path, group.Attributes);
            if (error == 0)
            {
                Copies++;
                if (origins.Count == MaxOrigins)
                    origins.RemoveAt(1);
                origins.Add(path);
            }
        }
        if (error != 0)
            placing.Fail(path, error, group.Attributes.Type);
        return error == 0;
    }
}
