using Xget.Fuzz;

namespace Xget.NineP.Tests;

/// <summary>The fuzz run in short; <c>dotnet run --project tests/Xget.Fuzz</c> does it at length.</summary>
public sealed class FuzzTests
{
    [Fact]
    public async Task Senseless_and_damaged_conversations_lose_nothing()
    {
        long replies = 0;
        for (int seed = 0; seed < 500; seed++)
        {
            replies += await new FuzzSession(seed).RunAsync();
        }

        Assert.True(replies > 1000);
    }
}
