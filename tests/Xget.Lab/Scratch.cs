using System.Globalization;

namespace Xget.Lab;

/// <summary>
/// A directory of its own for a test, removed at the end; in memory (/dev/shm) where there is room, else under /tmp.
/// Remains of test processes that are gone are removed when the first one is made.
/// </summary>
public sealed class Scratch : IDisposable
{
    private const string Prefix = "xt-";
    private const long WantedRoom = 8L << 30;
    private static readonly string Base =
        Directory.Exists("/dev/shm") && new DriveInfo("/dev/shm").AvailableFreeSpace > WantedRoom ? "/dev/shm" : "/tmp";

    private static readonly Lazy<string> Own = new(Claim);
    private static int _made;

    /// <summary>A new empty directory.</summary>
    public Scratch()
    {
        string number = Interlocked.Increment(ref _made).ToString(CultureInfo.InvariantCulture);
        Root = Path.Combine(Own.Value, number);
        Directory.CreateDirectory(Root); // with the parent, which goes when it is empty
    }

    /// <summary>The directory.</summary>
    public string Root { get; }

    /// <summary>A path in it.</summary>
    public string this[string name] => Path.Combine(Root, name);

    /// <summary>A new directory in it.</summary>
    public string NewDirectory(string name) => Directory.CreateDirectory(this[name]).FullName;

    /// <summary>A file of random bytes in it; the same seed gives the same bytes.</summary>
    public string RandomFile(string name, long size, int seed = 1)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[name])!);
        using FileStream file = File.Create(this[name]);
        var random = new Random(seed);
        byte[] buffer = new byte[1 << 20];
        for (long left = size; left > 0; left -= buffer.Length)
        {
            random.NextBytes(buffer);
            file.Write(buffer, 0, (int)Math.Min(left, buffer.Length));
        }

        return this[name];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Remove(Root);
        if (!Directory.EnumerateFileSystemEntries(Own.Value).Any())
        {
            Directory.Delete(Own.Value);
        }
    }

    /// <summary>Is this the number of a process that runs?</summary>
    internal static bool IsAlive(string pid) => Directory.Exists("/proc/" + pid);

    private static string Claim()
    {
        foreach (string old in Directory.GetDirectories(Base, Prefix + "*"))
        {
            if (!IsAlive(Path.GetFileName(old)[Prefix.Length..]))
            {
                Remove(old);
            }
        }

        return Directory.CreateDirectory($"{Base}/{Prefix}{Environment.ProcessId}").FullName;
    }

    // Names of any bytes, modes of any kind, and file systems mounted inside: the shell's business.
    private static void Remove(string directory)
    {
        Command.Run("sh", "-c",
            """
            cut -d' ' -f2 /proc/self/mounts | grep -F "$1/" | sort -r | while read -r mounted; do umount -l "$mounted"; done
            rm -rf "$1"
            """,
            "sh", directory);
    }
}
