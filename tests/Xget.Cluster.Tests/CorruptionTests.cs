using System.Net;
using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary>A worker that serves wrong bytes.</summary>
public sealed class CorruptionTests : IDisposable
{
    private const int Nodes = 4;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public async Task Its_children_refuse_it_the_master_s_log_names_it_and_nobody_has_a_wrong_byte()
    {
        Prerequisite.Xget();
        string file = _scratch.RandomFile("tree/large", 20_000_000);
        string digest = Command.Run(XgetProgram.Path, "sum", file).Split(' ')[0];
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], _scratch["tree"]);
        await using CorruptWorker liar = await CorruptWorker.JoinAsync(
            new IPEndPoint(IPAddress.Parse(master.Host), master.Port), "the-liar", digest, File.ReadAllBytes(file));
        Assert.Equal("0 1 me\n1 1 me\n2 1 me\n3 1 me\n", liar.Route);

        List<Child> copies = [];
        try
        {
            for (int i = 0; i < Nodes; i++)
            {
                copies.Add(Child.Start(_scratch[$"client-{i}"], null, XgetProgram.Path,
                    "--name", $"node{i}", "-n", master.Address, ".", _scratch[$"to-{i}"]));
            }

            for (int i = 0; i < Nodes; i++)
            {
                await copies[i].ExpectExitAsync(0, Deadline);
                TreeWitness.ExpectSame(_scratch["tree"], _scratch[$"to-{i}"]);
            }
        }
        finally
        {
            copies.ForEach(c => c.Dispose());
        }

        Assert.True(liar.Served > 0, "nobody was sent to the liar, so the test has shown nothing\n" + master.Process.Story);
        Assert.Contains(master.Process.Errors.Split('\n'), l =>
            l.Contains("wrong bytes", StringComparison.Ordinal)
            && (l.Contains("the-liar", StringComparison.Ordinal) || l.Contains(liar.Address, StringComparison.Ordinal)));
    }
}
