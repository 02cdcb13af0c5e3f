using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Xget.Node.Wire;

namespace Xget.Node.Tests.Wire;

public class HostPortTests
{
    [Theory]
    [InlineData("10.0.0.5!40001", "10.0.0.5", 40001)]
    [InlineData("fe80::1!1", "fe80::1", 1)]
    [InlineData("::1!65535", "::1", 65535)]
    public void An_address_and_a_port_are_joined_by_an_exclamation_mark(string text, string address, int port)
    {
        var endPoint = new IPEndPoint(IPAddress.Parse(address), port);
        Assert.True(HostPort.TryParse(text, out IPEndPoint parsed));
        Assert.Equal(endPoint, parsed);
        Assert.Equal(text, HostPort.Format(endPoint));
    }

    [Fact]
    public void An_IPv4_address_that_came_through_an_IPv6_socket_is_written_as_IPv4() =>
        Assert.Equal("10.0.0.5!80", HostPort.Format(new IPEndPoint(IPAddress.Parse("::ffff:10.0.0.5"), 80)));

    [Theory]
    [InlineData("")]
    [InlineData("!")]
    [InlineData("!80")]
    [InlineData("10.0.0.5")]
    [InlineData("10.0.0.5!")]
    [InlineData("10.0.0.5!0")]
    [InlineData("10.0.0.5!65536")]
    [InlineData("10.0.0.5!-1")]
    [InlineData("10.0.0.5!+1")]
    [InlineData("10.0.0.5! 80")]
    [InlineData("10.0.0.5!80 ")]
    [InlineData("10.0.0.5!80\0")]
    [InlineData("10.0.0.5!99999999999")]
    [InlineData("10.0.0!80!x")]
    [InlineData("head-node!80")]
    [InlineData("me")]
    public void What_is_no_numeric_address_with_a_port_is_refused(string text) => Assert.False(HostPort.TryParse(text, out _));

    [Fact]
    public void Every_text_is_read_or_refused() =>
        Prop.ForAll<string>(text => HostPort.TryParse(text ?? "", out IPEndPoint parsed) || parsed.Port == 0).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_written_is_read_as_the_same() =>
        Prop.ForAll<uint, ushort>((address, port) =>
        {
            var endPoint = new IPEndPoint(new IPAddress(address), Math.Max((ushort)1, port));
            return HostPort.TryParse(HostPort.Format(endPoint), out IPEndPoint parsed) && parsed.Equals(endPoint);
        }).QuickCheckThrowOnFailure();
}
