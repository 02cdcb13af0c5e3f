using System.Diagnostics;
using System.Text;
using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

/// <summary>A directory of its own for a test, with a destination "d" in it; removed at the end.</summary>
internal sealed class Scratch : IDisposable
{
    public Scratch(string below = "/tmp", DestinationOptions? options = null)
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("xget-store-").FullName;
        if (below != "/tmp")
        {
            System.IO.Directory.Delete(Directory);
            Directory = Path.Combine(below, Path.GetFileName(Directory));
            System.IO.Directory.CreateDirectory(Directory);
        }
        Destination = Open(options);
    }

    public string Directory { get; }

    public string Root => Path.Combine(Directory, "d");

    public Destination Destination { get; }

    public string PartialPath => Path.Combine(Root, ".xget-partial");

    public string this[string path] => Path.Combine(Root, path);

    public Destination Open(DestinationOptions? options = null)
    {
        Assert.Equal((Errno)0, Destination.Open(Root, options ?? new DestinationOptions(), out Destination? destination));
        return destination!;
    }

    public static DestinationPath At(string path)
    {
        Assert.True(DestinationPath.TryParse(Encoding.UTF8.GetBytes(path), out DestinationPath result));
        return result;
    }

    public static EntryAttributes File(ushort mode = 0x1A4) => new()
    {
        Type = EntryType.Regular,
        Mode = mode,
        Uid = Syscall.geteuid(),
        Gid = Syscall.getegid(),
        Mtime = new Timestamp(1234567890, 123456789),
    };

    public static EntryAttributes Directories(ushort mode = 0x1ED) => File(mode) with { Type = EntryType.Directory };

    /// <summary>An independent look: stat(1) with a format; a symlink is not followed.</summary>
    public static string Stat(string path, string format) => Run("stat", "-c", format, path);

    public static string Run(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {errors}");
        return output.TrimEnd('\n');
    }

    public static byte[]? Xattr(string path, string name)
        => Syscall.lgetxattr(path, name, out byte[] value) < 0 ? null : value;

    public void Dispose()
    {
        Destination.Dispose();
        Run("rm", "-rf", Directory);
    }
}
