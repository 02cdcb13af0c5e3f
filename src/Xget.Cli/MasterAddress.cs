using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xget.Node.Wire;

namespace Xget.Cli;

/// <summary>How people name a master: <c>HOST</c>, <c>HOST:PORT</c>, <c>[V6]:PORT</c>, and the original's <c>HOST!PORT</c>, <c>tcp!HOST!PORT</c>.</summary>
internal sealed record MasterAddress(string Host, int Port)
{
    internal const int DefaultPort = 20004;

    /// <summary>Reads it; null when it is none.</summary>
    internal static MasterAddress? Parse(string text, int defaultPort)
    {
        string rest = text.StartsWith("tcp!", StringComparison.Ordinal) ? text[4..] : text;
        string host = rest;
        string? port = null;
        int bang = rest.LastIndexOf('!');
        int colon = rest.LastIndexOf(':');
        if (bang >= 0)
            (host, port) = (rest[..bang], rest[(bang + 1)..]);
        else if (rest.StartsWith('['))
        {
            int end = rest.IndexOf(']', StringComparison.Ordinal);
            if (end < 0 || (end + 1 < rest.Length && rest[end + 1] != ':'))
                return null;
            (host, port) = (rest[1..end], end + 1 < rest.Length ? rest[(end + 2)..] : null);
        }
        else if (colon >= 0 && rest.IndexOf(':', StringComparison.Ordinal) == colon)
            (host, port) = (rest[..colon], rest[(colon + 1)..]);
        int number = defaultPort;
        if (host.Length == 0 || host.Contains('/', StringComparison.Ordinal) || (port is not null && !HostPort.TryParsePort(port, out number)))
            return null;
        return new MasterAddress(host.Trim('[', ']'), number);
    }

    /// <summary>Its addresses, in the resolver's order.</summary>
    internal async Task<IReadOnlyList<IPEndPoint>> ResolveAsync(CancellationToken ct)
    {
        if (IPAddress.TryParse(Host, out IPAddress? numeric))
            return [new IPEndPoint(numeric, Port)];
        try
        {
            IPAddress[] found = await Dns.GetHostAddressesAsync(Host, ct);
            if (found.Length > 0)
                return found.Select(a => new IPEndPoint(a, Port)).ToArray();
        }
        catch (SocketException)
        {
            // Told below.
        }
        throw new UserException($"unknown host: {Host}");
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");
}
