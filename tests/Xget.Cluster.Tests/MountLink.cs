using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary>
/// The program under test where mount(8) looks for it, while this exists; a test is skipped where something is there
/// already.
/// </summary>
internal sealed class MountLink : IDisposable
{
    /// <summary>The helper of mount(8).</summary>
    public const string Helper = "/sbin/mount.fuse.xget";

    /// <summary>The program, where a helper's own look-up finds it: mount(8) sets PATH.</summary>
    public const string InPath = "/usr/local/bin/xget";

    private readonly string _path;

    /// <summary>Makes the link.</summary>
    public MountLink(string path)
    {
        Prerequisite.Root();
        Prerequisite.Xget();
        var link = new FileInfo(path);
        // Left by a test that was killed: it points to nothing or to the program under test.
        if (link.LinkTarget is { } target && (target == XgetProgram.Path || !File.Exists(target)))
        {
            link.Delete();
        }

        Skip.If(File.Exists(path), path + " is installed on this machine");
        File.CreateSymbolicLink(path, XgetProgram.Path);
        _path = path;
    }

    /// <inheritdoc/>
    public void Dispose() => File.Delete(_path);
}
