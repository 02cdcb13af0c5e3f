using System.Globalization;
using System.Net;

namespace Xget.Node.Wire;

/// <summary>Addresses as the paper's files write them: <c>host!port</c>, numeric only, IPv6 without brackets.</summary>
public static class HostPort
{
    /// <summary>The word that stands for the master itself.</summary>
    public const string Me = "me";

    /// <summary>The text of an address; an IPv4 address that came in through an IPv6 socket is written as IPv4.</summary>
    public static string Format(IPEndPoint endPoint) =>
        string.Create(CultureInfo.InvariantCulture, $"{Plain(endPoint.Address)}!{endPoint.Port}");

    /// <summary>Reads <c>host!port</c>; false when the host is not a numeric address or the port not in 1..65535.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IPEndPoint endPoint)
    {
        endPoint = new IPEndPoint(IPAddress.None, 0);
        int bang = text.LastIndexOf('!');
        if (bang <= 0 || !IPAddress.TryParse(text[..bang], out IPAddress? address) ||
            !TryParsePort(text[(bang + 1)..], out int port))
            return false;
        endPoint = new IPEndPoint(Plain(address), port);
        return true;
    }

    /// <summary>Reads a decimal port in 1..65535.</summary>
    public static bool TryParsePort(ReadOnlySpan<char> text, out int port) =>
        // Number parsing alone would let NULs at the end pass.
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65535 &&
        !text.Contains('\0');

    /// <summary>The address without an IPv4-in-IPv6 wrapping.</summary>
    public static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
