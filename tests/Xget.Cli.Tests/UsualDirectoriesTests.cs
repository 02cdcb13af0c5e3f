namespace Xget.Cli.Tests;

/// <summary>Where state and cache lie when nobody says where.</summary>
public sealed class UsualDirectoriesTests
{
    private readonly Dictionary<string, string> _environment = [];

    private string? _home;

    private string? State(bool isRoot = false) => UsualDirectories.State(isRoot, _environment.GetValueOrDefault, _home);

    private string? Caches() => UsualDirectories.Caches(_environment.GetValueOrDefault, _home);

    [Fact]
    public void Root_has_places_of_its_own() => Assert.Equal("/var/lib/xget", State(isRoot: true));

    [Fact]
    public void A_user_has_them_at_home()
    {
        _home = "/home/u";
        Assert.Equal("/home/u/.local/share/xget", State());
        Assert.Equal("/home/u/.cache", Caches());
        _environment["XDG_DATA_HOME"] = "/data";
        _environment["XDG_CACHE_HOME"] = "/fast";
        Assert.Equal("/data/xget", State());
        Assert.Equal("/fast", Caches());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("here")]
    [InlineData("/caf\ufffd")]
    public void Nothing_is_ever_put_into_the_current_directory_or_under_another_name(string? home)
    {
        if (home is not null)
            _home = _environment["XDG_DATA_HOME"] = _environment["XDG_CACHE_HOME"] = home;
        Assert.Null(State());
        Assert.Null(Caches());
    }
}
