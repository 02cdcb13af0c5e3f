namespace Xget.Routing.Tests;

/// <summary>What holds at all times, over thousands of random sequences of joins, leaves, advertisements, reports,
/// deaths, and nodes that are found to be far ahead or too slow, with 1 to 8 stripes, up to 6 levels and up to 12 connections.</summary>
public sealed class InvariantTests
{
    private const int Sequences = 2000;
    private const int Steps = 80;

    [Fact]
    public void Levels_keep_the_limit_and_grow_along_every_held_route_and_connections_equal_the_held_routes()
    {
        for (int seed = 0; seed < Sequences; seed++)
        {
            RandomEvents events = new(seed);
            for (int step = 0; step < Steps; step++)
            {
                events.Step();
                string? broken = Broken(events);
                Assert.True(broken is null, $"seed {seed}, step {step}: {broken}");
            }
        }
    }

    [Fact]
    public void A_parent_that_is_given_serves_is_not_left_out_not_reported_and_was_not_full()
    {
        for (int seed = 0; seed < Sequences; seed++)
        {
            RandomEvents events = new(seed);
            for (int step = 0; step < Steps; step++)
            {
                var before = events.Members.ToDictionary(m => m, m => m.Routes.ToArray());
                Event done = events.Step();
                foreach (Member member in events.Members)
                {
                    foreach (StripeRoute route in member.Routes)
                    {
                        bool isNew = !before.TryGetValue(member, out StripeRoute[]? routes) || routes[route.Stripe] != route;
                        if (isNew && route.Parent is { } parent)
                        {
                            Assert.Contains(parent, events.Advertising);
                            Assert.False(events.LeavesOut(member, parent), $"seed {seed}, step {step}: {parent} was left out");
                            Assert.False(events.IsReported(parent), $"seed {seed}, step {step}: {parent} was reported");
                            Assert.InRange(events.Tree.Connections(parent), 1, events.Options.MaxConnections);
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void Exactly_those_are_told_whose_routes_changed_by_what_another_did()
    {
        for (int seed = 0; seed < Sequences; seed++)
        {
            RandomEvents events = new(seed);
            for (int step = 0; step < Steps; step++)
            {
                var before = events.Members.ToDictionary(m => m, m => m.Routes.ToArray());
                Event done = events.Step();
                Member[] changed = events.Members
                    .Where(m => (m.Node != done.Node || done.What is What.Demote or What.Advertise) && !m.Routes.SequenceEqual(before[m])).ToArray();
                Assert.True(
                    changed.ToHashSet().SetEquals(events.Told) && changed.Length == events.Told.Count,
                    $"seed {seed}, step {step}, {done}: changed {Names(changed)}, told {Names(events.Told)}");
                Assert.True(changed.Length == 0 || events.Options.Stripes > 1, $"seed {seed}, step {step}");
            }
        }

        static string Names(IEnumerable<Member> members) => string.Join(", ", members.Select(m => m.Node));
    }

    [Fact]
    public void When_all_have_left_and_withdrawn_nothing_remains()
    {
        for (int seed = 0; seed < Sequences; seed++)
        {
            RandomEvents events = new(seed);
            for (int step = 0; step < Steps; step++)
            {
                events.Step();
            }

            foreach (RoutingNode node in events.Nodes)
            {
                events.Tree.Withdraw(node);
            }

            while (events.Members.Count > 0)
            {
                events.Leave(events.Members[0]);
            }

            Assert.True(events.Tree.IsEmpty, $"seed {seed}");
        }
    }

    [Fact]
    public void Equal_events_give_equal_trees_and_equal_changes()
    {
        for (int seed = 0; seed < Sequences / 10; seed++)
        {
            RandomEvents first = new(seed);
            RandomEvents second = new(seed);
            for (int step = 0; step < Steps; step++)
            {
                first.Step();
                second.Step();
                Assert.Equal(Print(first), Print(second));
            }
        }

        static IEnumerable<string> Print(RandomEvents events) =>
            [.. events.Tree.Snapshot().Select(e => e.ToString()), .. events.Told.Select(m => m.Node.ToString())];
    }

    private static string? Broken(RandomEvents events)
    {
        IReadOnlyList<TreeEntry> snapshot = events.Tree.Snapshot();
        for (int stripe = 0; stripe < events.Options.Stripes; stripe++)
        {
            var level = snapshot.Where(e => e.Stripe == stripe).ToDictionary(e => e.Node, e => e.Level);
            // Of those who hold routes, and of those who are expected to ask for them.
            TreeEntry[] routes = [.. snapshot.Where(e => e.Stripe == stripe && e.HoldsRoute)];
            var parent = routes.ToDictionary(e => e.Node, e => e.Parent);
            foreach (Member member in events.Members)
            {
                StripeRoute route = member.Routes[stripe];
                if (route.Stripe != stripe || level[member.Node] != route.Level ||
                    !parent.TryGetValue(member.Node, out RoutingNode? above) || above != route.Parent)
                {
                    return $"{member.Node} has {route}, the snapshot says otherwise";
                }
            }

            foreach (TreeEntry route in routes)
            {
                if (route.Level < 1 || route.Level > events.Options.MaxLevel || (route.Parent is { } above && level[above] >= route.Level))
                {
                    return $"{route} but levels are {string.Join(", ", level)}";
                }

                int steps = 0;
                for (RoutingNode? node = route.Node; node is not null; node = parent.GetValueOrDefault(node))
                {
                    if (++steps > events.Nodes.Length)
                    {
                        return $"{route.Node} is on a cycle of stripe {stripe}";
                    }
                }
            }
        }

        var held = snapshot.Where(e => e.HoldsRoute && e.Parent is not null).CountBy(e => e.Parent!).ToDictionary();
        foreach (RoutingNode node in events.Nodes)
        {
            int connections = events.Tree.Connections(node);
            if (connections != held.GetValueOrDefault(node) || connections > events.Options.MaxConnections)
            {
                return $"{node} has {connections} connections and {held.GetValueOrDefault(node)} routes are held to it";
            }
        }

        return snapshot.FirstOrDefault(e => e.Advertises != events.Advertising.Contains(e.Node)
                || (e.HoldsRoute && !e.Advertises && !events.Members.Any(m => m.Node == e.Node))) is { Node: not null } wrong
            ? $"the snapshot says {wrong}"
            : null;
    }
}
