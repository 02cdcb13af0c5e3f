using System.Net;

namespace Xget.Cli.Mounting;

/// <summary>
/// What is mounted, as users write it: <c>MASTER[,MASTER...]:/[DIRECTORY]</c>, each master as
/// <see cref="MasterAddress"/> has it.
/// </summary>
/// <param name="Text">As it was written: what /proc/mounts shows.</param>
/// <param name="Masters">At least one, tried in this order.</param>
/// <param name="Path">The directory of the master's tree, absolute; "/" for all of it.</param>
internal sealed record MountSource(string Text, IReadOnlyList<MasterAddress> Masters, string Path)
{
    /// <summary>Whether it looks like one: no file and no option of the paper's commands has ":/" in it.</summary>
    internal static bool LooksLike(string text) => text.IndexOf(":/", StringComparison.Ordinal) > 0;

    /// <summary>Reads it; null when it is none.</summary>
    internal static MountSource? Parse(string text, int defaultPort)
    {
        int end = text.IndexOf(":/", StringComparison.Ordinal);
        if (end <= 0 || PathOf(text[(end + 1)..]) is not { } path)
            return null;
        var masters = new List<MasterAddress>();
        foreach (string master in text[..end].Split(','))
        {
            if (MasterAddress.Parse(master, defaultPort) is not { } address)
                return null;
            masters.Add(address);
        }
        return new MountSource(text, masters, path);
    }

    /// <summary>
    /// The addresses of all masters whose names are known; none, with a reason, when no name is.
    /// </summary>
    internal async Task<(IReadOnlyList<IPEndPoint> Addresses, string? Reason)> ResolveAsync(CancellationToken ct)
    {
        var addresses = new List<IPEndPoint>();
        string? reason = null;
        foreach (MasterAddress master in Masters)
        {
            try
            {
                addresses.AddRange(await master.ResolveAsync(ct));
            }
            catch (UserException e)
            {
                reason ??= e.Message;
            }
        }
        return (addresses, addresses.Count > 0 ? null : reason);
    }

    private static string? PathOf(string text)
    {
        string[] names = text.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return Array.Exists(names, n => n is "." or "..") ? null : "/" + string.Join('/', names);
    }
}
