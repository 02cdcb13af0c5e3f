using System.Text;

namespace Xget.Cli.Tests;

/// <summary>Lines on their way to something that may take nothing.</summary>
public sealed class LineQueueTests
{
    private readonly MemoryStream _written = new();

    private string Written
    {
        get
        {
            lock (_written)
                return Encoding.UTF8.GetString(_written.ToArray());
        }
    }

    private bool Take(ReadOnlyMemory<byte> bytes)
    {
        lock (_written)
            _written.Write(bytes.Span);
        return true;
    }

    [Fact]
    public void Lines_are_written_in_order_and_all_before_the_end()
    {
        using (var queue = new LineQueue(Take))
        {
            for (int i = 0; i < 5000; i++)
                queue.Add($"{i}\n");
        }
        Assert.Equal(string.Concat(Enumerable.Range(0, 5000).Select(i => $"{i}\n")), Written);
    }

    [Fact]
    public void Whoever_adds_a_line_never_waits_and_what_does_not_fit_is_counted_and_told()
    {
        using var stuck = new ManualResetEventSlim();
        using var began = new ManualResetEventSlim();
        var queue = new LineQueue(bytes =>
        {
            began.Set();
            stuck.Wait();
            return Take(bytes);
        });
        queue.Add("first\n");
        began.Wait();
        for (int i = 0; i < LineQueue.MaxLines + 5000; i++)
            queue.Add("x\n");
        Assert.False(queue.IsIdle);
        stuck.Set();
        queue.Flush();
        queue.Add("last\n");
        queue.Dispose();
        string[] lines = Written.Split('\n');
        Assert.Equal(LineQueue.MaxLines - 1, lines.Count(l => l == "x"));
        Assert.Equal(["xget: 5,001 lines of the log are lost: nothing took them", "last", ""], lines[^3..]);
    }

    [Fact]
    public void Long_lines_have_a_bound_in_bytes()
    {
        using var stuck = new ManualResetEventSlim();
        using var began = new ManualResetEventSlim();
        using var queue = new LineQueue(bytes =>
        {
            began.Set();
            stuck.Wait();
            return Take(bytes);
        });
        queue.Add("first\n");
        began.Wait();
        string line = new string('x', 1 << 20) + "\n";
        for (int i = 0; i < 10; i++)
            queue.Add(line);
        stuck.Set();
        queue.Dispose();
        Assert.InRange(Written.Length, 1 << 20, LineQueue.MaxBytes + 200);
        Assert.Contains("9 lines of the log are lost", Written, StringComparison.Ordinal);
    }

    [Fact]
    public void The_end_does_not_wait_for_what_takes_nothing()
    {
        using var stuck = new ManualResetEventSlim();
        var queue = new LineQueue(_ =>
        {
            stuck.Wait();
            return false;
        });
        queue.Add("x\n");
        queue.Dispose();
        Assert.False(queue.IsIdle);
        stuck.Set();
    }

    [Fact]
    public void A_full_disk_costs_the_lines_that_came_meanwhile_and_it_is_said_how_many()
    {
        bool isFull = true;
        using var queue = new LineQueue(bytes => !isFull && Take(bytes));
        for (int i = 0; i < 3; i++)
        {
            queue.Add("lost\n");
            queue.Flush();
        }
        isFull = false;
        queue.Add("well again\n");
        queue.Flush();
        Assert.Equal("\nxget: 3 lines of the log are lost: nothing took them\nwell again\n", Written);
    }

    [Fact]
    public void Lines_after_the_end_are_dropped()
    {
        var queue = new LineQueue(Take);
        queue.Dispose();
        queue.Add("late\n");
        Assert.Equal("", Written);
    }
}
