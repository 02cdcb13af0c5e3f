namespace Xget.Routing;

/// <summary>
/// Those who advertise and were in another content before. Each is expected to ask for routes, and to be given the place that
/// it had there: it is decided with the first of its children that asks.
/// </summary>
public sealed partial class DistributionTree
{
    // By the stripe in which they are inner, the former root first.
    private readonly LinkedList<Worker>[] _expected;

    private void Expect(Worker worker)
    {
        if (_options.Stripes > 1 && worker is { Member: null, IsComplete: false, Expected: null } &&
            worker.Node.Former.IsKnown(_options.Stripes))
        {
            LinkedList<Worker> line = _expected[worker.InnerStripe];
            worker.Expected = worker.Node.Former.Parent(_options.Stripes, worker.InnerStripe) is null
                ? line.AddFirst(worker) : line.AddLast(worker);
        }
    }

    /// <summary>It asks, needs nothing, or serves no more: what was decided for one that does not ask is taken back.</summary>
    private void HasCome(Worker worker)
    {
        if (worker.Expected is { } expected)
        {
            worker.Expected = null;
            expected.List!.Remove(expected);
        }

        if (worker.Member is { Holds: 0 } member)
        {
            GiveBack(member);
        }
    }

    /// <summary>
    /// Before a member those are decided that it will stand below, if they are expected: the parent that it had before, and so
    /// on upwards, or else somebody to be the root.
    /// </summary>
    private void DecideAbove(Member member, int stripe)
    {
        List<Member>? line = null;
        Worker? above = ExpectedAbove(member.Node);
        if (above is null && member.Self.InnerStripe != stripe && _innerStripes.HasNoRoot(stripe))
        {
            above = _expected[stripe].First?.Value;
        }

        while (above is not null && (line?.Count ?? 0) < _options.MaxLevel)
        {
            (line ??= []).Add(above.Member ??= new Member(above, _options.Stripes));
            above = ExpectedAbove(above.Node);
        }

        for (int i = (line?.Count ?? 0) - 1; i >= 0; i--)
        {
            // Those who remember different contents may stand in it twice.
            if (!line![i].IsDecided(stripe))
            {
                Decide(line[i], stripe);
                if (line[i].Self.InnerStripe == stripe)
                {
                    TakeStrays(stripe, line[i]);
                }
            }
        }

        Worker? ExpectedAbove(RoutingNode node) =>
            _choice.FormerParent(node, stripe) is { Expected: not null, IsReported: false } worker &&
            worker.Places[stripe].Level == 0 ? worker : null;
    }
}
