using System.Net;
using Xget.Node.Exporting;

namespace Xget.Node.Tests.Exporting;

/// <summary>How many log records an address may cause.</summary>
public sealed class RecordBudgetTests
{
    private readonly RecordBudget _budget = new();

    private static IPAddress Address(int number) => new([10, (byte)(number >> 16), (byte)(number >> 8), (byte)number]);

    private int Taken(IPAddress? address, int wanted, double at) =>
        Enumerable.Range(0, wanted).Count(_ => _budget.Take(address, TimeSpan.FromSeconds(at)));

    [Fact]
    public void An_address_has_a_burst_and_then_a_rate_and_the_rest_is_counted()
    {
        Assert.Equal(RecordBudget.Burst, Taken(Address(1), 3612, at: 0));
        Assert.Equal([("10.0.0.1", 3412L)], _budget.TakeRefused());
        Assert.Equal(RecordBudget.PerSecond, Taken(Address(1), 100, at: 1));
        Assert.Equal(RecordBudget.Burst, Taken(Address(1), 1000, at: 100));
        Assert.Equal([("10.0.0.1", 80L + 800)], _budget.TakeRefused());
        Assert.Empty(_budget.TakeRefused());
    }

    [Fact]
    public void One_that_writes_too_much_costs_the_others_nothing()
    {
        Taken(Address(1), 100_000, at: 0);
        Assert.Equal(RecordBudget.Burst, Taken(Address(2), RecordBudget.Burst, at: 0));
    }

    [Fact]
    public void All_together_have_a_bound_too()
    {
        int taken = Enumerable.Range(0, 1000).Sum(i => Taken(Address(i), 100, at: 0));
        Assert.Equal(RecordBudget.BurstOfAll, taken);
        Assert.Equal(RecordBudget.PerSecondOfAll, Enumerable.Range(0, 1000).Sum(i => Taken(Address(i), 1, at: 1)));
    }

    [Fact]
    public void Many_addresses_are_forgotten_as_soon_as_they_have_all_of_their_budget_again()
    {
        for (int i = 0; i < RecordBudget.MaxAddresses; i++)
            Taken(Address(i), 1, at: i);
        // The first ones are full again, so a newcomer has a budget of its own.
        Assert.Equal(RecordBudget.Burst, Taken(Address(1 << 20), 1000, at: RecordBudget.MaxAddresses));
    }

    [Fact]
    public void Addresses_beyond_the_bound_share_one_budget()
    {
        for (int i = 0; i < RecordBudget.MaxAddresses; i++)
            Taken(Address(i), RecordBudget.Burst + 1, at: 10 + i * 1e-5); // each is refused one, which is to be told
        int taken = Taken(Address(1 << 20), 150, at: 10.06) + Taken(Address(1 << 21), 150, at: 10.06);
        Assert.Contains(("other addresses", 300L - taken), _budget.TakeRefused());
    }
}
