using Xget.Lab;

namespace Xget.Cluster.Tests.Mounted;

/// <summary>What users do with files, in one line of shell each.</summary>
internal static class ReadingScripts
{
    /// <summary>Compares two files to the last byte.</summary>
    public const string Compare = """exec cmp -- "$1" "$2" """;

    /// <summary>Reads a file to its end.</summary>
    public const string Read = """exec dd if="$1" of=/dev/null bs=1M status=none""";

    /// <summary>Compares two files again and again until they are the same; errors on the way are no end.</summary>
    public const string CompareUntilSame = """until cmp -s -- "$1" "$2"; do sleep 0.2; done""";

    /// <summary>Takes a file out of the kernel's page cache, so that the next read comes to the file system again.</summary>
    public const string Forget = """dd if="$1" iflag=nocache count=0 status=none""";

    /// <summary>A read fails, and this is what the program says.</summary>
    public static async Task ExpectErrorAsync(this Child reader, string message, TimeSpan deadline)
    {
        Assert.NotEqual(0, await reader.ExitAsync(deadline));
        Assert.Contains(message, reader.Errors, StringComparison.Ordinal);
    }

    /// <summary>Ends when one of its threads sleeps in the kernel until the file system answers or has filled a page.</summary>
    public static Task UntilItWaitsAsync(this Child reader, TimeSpan deadline) =>
        reader.UntilAsync(() => Waits(reader.Pid) ? "waits" : null, deadline);

    private static bool Waits(int pid)
    {
        try
        {
            return Directory.GetDirectories($"/proc/{pid}/task").Any(t =>
                File.ReadAllText(Path.Combine(t, "stack")) is var stack
                && (stack.Contains("request_wait_answer", StringComparison.Ordinal)
                    || stack.Contains("filemap_", StringComparison.Ordinal)
                    || stack.Contains("folio_wait", StringComparison.Ordinal)));
        }
        catch (IOException)
        {
            return false; // a thread ended meanwhile
        }
    }
}
