using System.Diagnostics;
using Mono.Unix.Native;

namespace Xget.Content.Tests;

/// <summary>A directory to publish, of its own for a test; removed at the end.</summary>
internal sealed class SourceFolder : IDisposable
{
    private const int PageSize = 4096;

    public string Root { get; } = Directory.CreateTempSubdirectory("xget-source-").FullName;

    public string this[string path] => Path.Combine(Root, path);

    public string Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[path])!);
        File.WriteAllBytes(this[path], bytes);
        return this[path];
    }

    public string Write(string path, int size, int seed = 1)
    {
        // A random page again and again, each time with its number: making random bytes takes longer than hashing them.
        var bytes = new byte[size];
        var page = new byte[PageSize];
        new Random(seed).NextBytes(page);
        for (var start = 0; start < size; start += PageSize)
        {
            BitConverter.TryWriteBytes(page, start);
            page.AsSpan(0, Math.Min(PageSize, size - start)).CopyTo(bytes.AsSpan(start));
        }
        return Write(path, bytes);
    }

    public string Make(string path) => Directory.CreateDirectory(this[path]).FullName;

    /// <summary>
    /// Returns when the file system's clock has moved on, so that no later change can leave a file's times as they are.
    /// </summary>
    public static void AwaitTick()
    {
        var probe = Path.GetTempFileName();
        var first = Changed();
        while (Changed() == first)
            File.WriteAllBytes(probe, [1]);
        File.Delete(probe);

        (long, long) Changed()
        {
            Ok(Syscall.stat(probe, out var stat));
            return (stat.st_ctime, stat.st_ctime_nsec);
        }
    }

    public static void Ok(int result) => Assert.True(result == 0, Stdlib.GetLastError().ToString());

    public static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }

    public void Dispose() => Run("rm", "-rf", Root);
}
