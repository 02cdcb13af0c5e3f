using System.Text.RegularExpressions;
using Xget.Content;
using Xget.Node.Fetching;

namespace Xget.Node.Tests;

/// <summary>PROTOCOL.md section 4 shows one session; a real node must speak like that.</summary>
public sealed partial class RecordedSessionTests
{
    private const int TwoChunks = 2 * (32 << 10);

    /// <summary>A request of the page: its type, and the words that it must have.</summary>
    private sealed record Request(string Type, string[] Words)
    {
        public bool IsLike(string traced) => traced.StartsWith(Type + " ", StringComparison.Ordinal)
            && Array.TrueForAll(Words, w => traced.Contains(w, StringComparison.Ordinal));

        public override string ToString() => $"{Type} {string.Join(' ', Words)}";
    }

    [Fact]
    public async Task A_node_speaks_with_its_master_as_the_recorded_session_shows()
    {
        List<string> trace = [];
        using var files = new Files();
        files.Add("img", Files.Random(TwoChunks));
        await using TestCluster cluster = await TestCluster.ServeAsync(files.Root, trace: line =>
        {
            lock (trace)
                trace.Add(line);
        });
        await using RunningNode worker = await cluster.StartNodeAsync("worker");
        Assert.Null(await Until.DoneAsync(worker.Fetch(cluster["img"]).Finished));
        await Until.TrueAsync(async () => await cluster.StatAsync("routes-held") == 0);

        RunningNode node = await cluster.StartNodeAsync("node7");
        Assert.NotNull((await node.Node.GenerationAsync(default)).Generation);
        Transfer transfer = node.Fetch(cluster["img"]);
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(TwoChunks, node.Node.Counters.FromWorkers);
        await node.DisposeAsync();

        string[] spoken;
        lock (trace)
            spoken = Requests(trace, node.Transport.Connections.First().Near.Local.ToString()!);
        Request[] written = Written(cluster["img"].Data.Content);
        Assert.True(written.Length == spoken.Length && written.Zip(spoken).All(p => p.First.IsLike(p.Second)),
            $"The page says:\n{string.Join('\n', written.AsEnumerable())}\nthe node said:\n{string.Join('\n', spoken)}");
    }

    /// <summary>What that connection asked; a reader who does not know the size reads on until the end, which counts once.</summary>
    private static string[] Requests(IEnumerable<string> trace, string connection)
    {
        List<string> requests = [];
        foreach (Match match in trace.Select(l => TracedRequest().Match(l)).Where(m => m.Success && m.Groups[1].Value == connection))
        {
            string request = match.Groups[2].Value;
            if (requests.Count == 0 || !IsRead(request) || !IsRead(requests[^1]))
                requests.Add(request);
        }
        return [.. requests];
    }

    private static bool IsRead(string line) => line.StartsWith("Tread ", StringComparison.Ordinal);

    /// <summary>The requests on M of the table in section 4, in order.</summary>
    private static Request[] Written(Digest digest)
    {
        using Stream page = typeof(RecordedSessionTests).Assembly.GetManifestResourceStream("PROTOCOL.md")!;
        using var reader = new StreamReader(page);
        string section = reader.ReadToEnd().Split("## 4. ")[1];
        List<Request> requests = [];
        foreach (string row in section.Split('\n').Where(l => l.StartsWith("| M |", StringComparison.Ordinal)))
        {
            foreach (Match match in OneRequest().Matches(row.Split('|')[2]))
            {
                string type = match.Groups[1].Value;
                string[] words = [.. Literal().Matches(match.Value).Select(m => m.Groups[1].Value)];
                requests.Add(new Request(type, type == "Twrite" ? [.. words.Select(Word)] : [.. words.Select(w => $"\"{w}\"")]));
                if (match.Value.Contains("DIGEST", StringComparison.Ordinal))
                    requests[^1] = requests[^1] with { Words = [.. requests[^1].Words, digest.ToString()[..32]] };
            }
        }
        return [.. requests];
    }

    /// <summary>Ports differ from run to run, the rest of what is written does not.</summary>
    private static string Word(string written) => written.StartsWith("have ", StringComparison.Ordinal) ? written : "";

    [GeneratedRegex(@"^(\S+) \S (T[a-z]+ .*)$")]
    private static partial Regex TracedRequest();

    [GeneratedRegex("(T[a-z]+)[^;(]*")]
    private static partial Regex OneRequest();

    [GeneratedRegex("`([^`]*)`")]
    private static partial Regex Literal();
}
