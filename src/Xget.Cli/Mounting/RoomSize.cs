using System.Globalization;

namespace Xget.Cli.Mounting;

/// <summary>An amount of disk: bytes, or a share of the file system it lies on.</summary>
internal readonly record struct RoomSize(ulong Bytes, double Percent)
{
    private const string Suffixes = "KMGT";

    /// <summary>Reads <c>N[K|M|G|T]</c> (powers of 1024) or <c>N%</c>; null when it is neither.</summary>
    internal static RoomSize? Parse(string text)
    {
        if (text.EndsWith('%'))
        {
            return double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent)
                && percent is >= 0 and <= 100 ? new RoomSize(0, percent) : null;
        }
        int power = text.Length == 0 ? -1 : Suffixes.IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal);
        int shift = 10 * (power + 1);
        return ulong.TryParse(power < 0 ? text : text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            && number <= ulong.MaxValue >> shift ? new RoomSize(number << shift, -1) : null;
    }

    /// <summary>In bytes, for a directory which may not be there yet.</summary>
    internal ulong On(string directory)
    {
        if (Percent < 0)
            return Bytes;
        string there = directory;
        while (!Directory.Exists(there) && Path.GetDirectoryName(there) is { } parent)
            there = parent;
        return (ulong)(new DriveInfo(there).TotalSize * (Percent / 100));
    }
}
