using System.Collections.Concurrent;

namespace Xget.Fuse.Tests.Mounting;

/// <summary>A file system that is mounted on a directory of its own for the length of a test.</summary>
internal sealed class Mounted : IAsyncDisposable
{
    private Mounted(string directory, FuseMount mount, ConcurrentQueue<string> complaints)
    {
        Path = directory;
        Mount = mount;
        Complaints = complaints;
    }

    public string Path { get; }

    public FuseMount Mount { get; }

    public ConcurrentQueue<string> Complaints { get; }

    public static async Task<Mounted> AtAsync(FuseFileSystem files, MountOptions? options = null)
    {
        Needs.Mounting();
        string directory = NewDirectory();
        ConcurrentQueue<string> complaints = [];
        try
        {
            FuseMount mount = await FuseMount.MountAsync(files, directory,
                (options ?? new MountOptions { Source = "test:/", Subtype = "test" }) with { Complaint = complaints.Enqueue });
            return new Mounted(directory, mount, complaints);
        }
        catch
        {
            Directory.Delete(directory);
            throw;
        }
    }

    /// <summary>A new empty directory to mount on.</summary>
    public static string NewDirectory() =>
        Directory.CreateDirectory($"/tmp/fuse-test-{Environment.ProcessId}-{Guid.NewGuid():N}").FullName;

    public async ValueTask DisposeAsync()
    {
        await Mount.DisposeAsync();
        await Shell.TryAsync($"umount -l {Path}");
        Directory.Delete(Path);
    }
}
