using System.Globalization;
using System.Text;

namespace Xget.Fuse;

/// <summary>Requests in words, one line each, from the same table that dispatches them.</summary>
internal static class TracePrinter
{
    /// <summary>One line; any bytes are printed without failing.</summary>
    public static string Print(FuseRequest request, Operation? operation)
    {
        StringBuilder line = new();
        line.Append(CultureInfo.InvariantCulture,
            $"{request.Unique} {operation?.Name ?? $"opcode {(uint)request.Opcode}"} node {request.NodeId}");
        line.Append(CultureInfo.InvariantCulture, $" uid {request.Uid} gid {request.Gid} pid {request.Pid}");
        if (operation is null || !operation.Fits(request.Body.Span))
        {
            return line.ToString();
        }

        string fields = operation.Print(request);
        if (fields.Length > 0)
        {
            line.Append(' ').Append(fields);
        }

        ReadOnlySpan<byte> rest = request.Body.Span[operation.InSize..];
        for (int i = 0; i < operation.Names; i++)
        {
            int length = rest.IndexOf((byte)0);
            line.Append(" '").Append(Encoding.UTF8.GetString(rest[..length])).Append('\'');
            rest = rest[(length + 1)..];
        }

        return line.ToString();
    }
}
