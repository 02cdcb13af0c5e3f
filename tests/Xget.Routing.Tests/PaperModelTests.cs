namespace Xget.Routing.Tests;

public sealed class PaperModelTests
{
    [Fact]
    public void With_one_stripe_every_decision_is_that_of_the_plain_model()
    {
        for (int seed = 0; seed < 4000; seed++)
        {
            RandomEvents events = new(seed, stripes: 1);
            PaperModel model = new(events.Options.MaxLevel, events.Options.MaxConnections);
            for (int step = 0; step < 150; step++)
            {
                Dictionary<int, int> holdsBefore = events.Nodes.ToDictionary(n => n.Id, events.Holds);
                Event done = events.Step();
                Apply(model, done, holdsBefore[done.Node.Id]);
                foreach (Member member in events.Members)
                {
                    (int, int) decided = (member.Parent(), member.Level());
                    Assert.True(
                        model.Route(member.Node.Id) == decided,
                        $"seed {seed}, step {step}, {done}: {member.Node} has {decided}, not {model.Route(member.Node.Id)}");
                }
            }
        }
    }

    private static void Apply(PaperModel model, Event done, int holds)
    {
        int id = done.Node.Id;
        int failed = done.Failed?.Id ?? 0;
        switch (done.What)
        {
            case What.Advertise:
                model.Advertise(id);
                break;
            case What.Complete:
                model.Complete(id);
                break;
            case What.Withdraw:
                model.Withdraw(id);
                break;
            case What.Join or What.JoinLeavingOut:
                model.Join(id, failed);
                break;
            case What.Leave when holds > 0:
                model.Leave(id);
                break;
            case What.Reroute when holds > 0:
                model.Reroute(id, failed);
                break;
            case What.Die:
                model.Withdraw(id);
                for (; holds > 0; holds--)
                {
                    model.Leave(id);
                }

                break;
        }
    }
}
