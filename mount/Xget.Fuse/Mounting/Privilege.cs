using System.Globalization;

namespace Xget.Fuse;

/// <summary>What this process may do.</summary>
internal static class Privilege
{
    private const int SysAdmin = 21; // CAP_SYS_ADMIN

    /// <summary>Whether it may mount; root in a container may not, for example.</summary>
    public static bool CanMount()
    {
        const string Field = "CapEff:";
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith(Field, StringComparison.Ordinal))
            {
                return ulong.TryParse(line.AsSpan(Field.Length).Trim(), NumberStyles.HexNumber,
                    CultureInfo.InvariantCulture, out ulong capabilities) && (capabilities >> SysAdmin & 1) != 0;
            }
        }

        return false;
    }
}
