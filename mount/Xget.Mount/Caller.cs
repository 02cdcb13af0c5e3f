using System.Globalization;

namespace Xget.Mount;

/// <summary>What is known of the process that has made a request.</summary>
internal static class Caller
{
    private const string Viewer = "getfattr";

    /// <summary>
    /// Whether it lists attributes for people to read. All others list them to copy them (cp -a, rsync -X, tar --xattrs),
    /// and what tells of this mount's cache has no place on a copy.
    /// </summary>
    /// <param name="pid">The process; 0 if it lives where nobody can tell, as in another PID namespace.</param>
    internal static bool IsViewer(uint pid)
    {
        if (pid == 0)
            return false;
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/comm")).TrimEnd('\n') == Viewer;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // it is gone
        }
    }
}
