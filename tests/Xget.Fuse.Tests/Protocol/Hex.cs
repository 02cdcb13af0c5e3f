namespace Xget.Fuse.Tests.Protocol;

/// <summary>Golden bytes with remarks.</summary>
internal static class Hex
{
    /// <summary>Bytes in hexadecimal; spaces and what follows a `#` in a line do not count.</summary>
    public static byte[] Parse(string text) => Convert.FromHexString(string.Concat(text.Split('\n')
        .Select(line => line.Split('#')[0]))
        .Replace(" ", "", StringComparison.Ordinal).Replace("\r", "", StringComparison.Ordinal));

    public static string Of(byte[] bytes) => Convert.ToHexString(bytes);
}
