using System.Globalization;
using System.Text;

namespace Xget.Node.Wire;

/// <summary>One line of a worker's <c>front</c>, all of the same length: how far it is in a stripe, as an offset.</summary>
internal static class FrontLine
{
    /// <summary>20 digits and a newline.</summary>
    internal const int Length = 21;

    internal static byte[] Format(ulong offset) => Encoding.ASCII.GetBytes($"{offset:D20}\n");

    /// <summary>False if it is no such line.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> line, out ulong offset) => ulong.TryParse(
        Encoding.ASCII.GetString(line).TrimEnd('\n'), NumberStyles.None, CultureInfo.InvariantCulture, out offset);
}
