using System.Text;

namespace Xget.Fuse;

/// <summary>
/// A line of /proc/self/mountinfo (proc(5)); reading it touches no mount.
/// </summary>
/// <param name="Device">Major and minor number as `0:42`, st_dev of what is mounted.</param>
/// <param name="Path">The mount point.</param>
/// <param name="Type">For example `fuse.xget`.</param>
/// <param name="Source">What was mounted.</param>
public sealed record MountEntry(string Device, string Path, string Type, string Source)
{
    /// <summary>What is mounted at a path (the topmost), if anything; the path is absolute and without links.</summary>
    public static MountEntry? Find(string path)
    {
        MountEntry? found = null;
        foreach (string line in File.ReadLines("/proc/self/mountinfo"))
        {
            if (Parse(line) is { } entry && entry.Path == path)
            {
                found = entry;
            }
        }

        return found;
    }

    /// <summary>One line, or null if it is none.</summary>
    internal static MountEntry? Parse(string line)
    {
        const int DeviceField = 2;
        const int PathField = 4;
        string[] fields = line.Split(' ');
        int separator = Array.IndexOf(fields, "-");
        return separator > PathField && fields.Length > separator + 2
            ? new MountEntry(fields[DeviceField], Unescape(fields[PathField]), Unescape(fields[separator + 1]),
                Unescape(fields[separator + 2]))
            : null;
    }

    /// <summary>Spaces and the like are written as `\040`, in bytes.</summary>
    private static string Unescape(string field)
    {
        if (!field.Contains('\\'))
        {
            return field;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(field);
        int length = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            bool escaped = bytes[i] == '\\' && i + 3 < bytes.Length
                && bytes.AsSpan(i + 1, 3).IndexOfAnyExceptInRange((byte)'0', (byte)'7') < 0;
            bytes[length++] = escaped
                ? (byte)(((bytes[i + 1] - '0') << 6) | ((bytes[i + 2] - '0') << 3) | (bytes[i + 3] - '0'))
                : bytes[i];
            i += escaped ? 3 : 0;
        }

        return Encoding.UTF8.GetString(bytes, 0, length);
    }
}
