using System.CommandLine;

namespace Xget.Cli.Tests;

/// <summary>The options of the copy and of the master.</summary>
public sealed class CommandTests
{
    private static (CommonOptions Options, ParseResult Result) Parse(params string[] words)
    {
        var options = new CommonOptions();
        var command = new Command("xget") { TreatUnmatchedTokensAsErrors = false };
        foreach (Option option in options.All)
            command.Options.Add(option);
        return (options, command.Parse(words));
    }

    [Fact]
    public async Task A_copy_serves_on_any_port_or_on_the_one_that_is_chosen()
    {
        (CommonOptions options, ParseResult result) = Parse("-p", "4711");
        Node.NodeOptions node = await CopyCommand.NodeOptionsAsync(new MasterAddress("127.0.0.1", 4711), result, options, default);
        Assert.Equal("[::]:0", $"{node.Listen}");
        (options, result) = Parse("--serve-port", "4712", "--bind", "10.0.0.1");
        node = await CopyCommand.NodeOptionsAsync(new MasterAddress("127.0.0.1", 4711), result, options, default);
        Assert.Equal("10.0.0.1:4712", $"{node.Listen}");
    }

    [Theory]
    [InlineData("--serve-port", "65536")]
    [InlineData("--serve-port", "-1")]
    [InlineData("--port", "65536")]
    [InlineData("--state", "")]
    public void A_value_out_of_range_is_refused_by_name(string option, string value) =>
        Assert.Contains(option, Assert.Single(Parse(option, value).Result.Errors).Message, StringComparison.Ordinal);
}
