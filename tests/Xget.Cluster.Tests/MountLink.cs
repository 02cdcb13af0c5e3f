using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary>
/// The program under test where mount(8) looks for it, while this exists; what was installed there is put aside
/// meanwhile and comes back.
/// </summary>
internal sealed class MountLink : IDisposable
{
    /// <summary>The helper of mount(8).</summary>
    public const string Helper = "/sbin/mount.fuse.xget";

    /// <summary>The program, where a helper's own look-up finds it: mount(8) sets PATH.</summary>
    public const string InPath = "/usr/local/bin/xget";

    private readonly string _path;
    private bool _disposed;

    /// <summary>Makes the link, to the program under test or a copy of it.</summary>
    public MountLink(string path, string? target = null)
    {
        Prerequisite.Root();
        Prerequisite.Xget();
        _path = path;
        // A test that was killed has left its link, and what was there before beside it.
        Restore();
        if (new FileInfo(path).LinkTarget is not null && !File.Exists(path))
        {
            File.Delete(path); // leads nowhere
        }

        if (File.Exists(path))
        {
            File.Move(path, Aside);
        }

        File.CreateSymbolicLink(path, target ?? XgetProgram.Path);
    }

    private string Aside => _path + ".before-test";

    /// <summary>Nothing is there from now on until this is disposed of.</summary>
    public void Hide() => File.Delete(_path);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            File.Delete(_path);
            Restore();
        }
    }

    private void Restore()
    {
        if (File.Exists(Aside))
        {
            File.Move(Aside, _path, overwrite: true);
        }
    }
}
