namespace Xget.Fuse;

/// <summary>How a file system is mounted and served.</summary>
public sealed record MountOptions
{
    /// <summary>What stands before the mount point in /proc/mounts.</summary>
    public string Source { get; init; } = "fuse";

    /// <summary>What stands after `fuse.` as the type there; none if empty.</summary>
    public string Subtype { get; init; } = "";

    /// <summary>
    /// Options as after `mount -o`, of which those that mount(8) alone heeds are left out; an unknown one fails the
    /// mount: see <see cref="MountOptionSplit"/>.
    /// </summary>
    public string Options { get; init; } = "ro,nosuid,nodev";

    /// <summary>Whether fusermount3 mounts; null: if this process may not.</summary>
    public bool? UseFusermount { get; init; }

    /// <summary>The program that mounts for ordinary users.</summary>
    public string Fusermount { get; init; } = "fusermount3";

    /// <summary>Number of threads that read the device; at least 1.</summary>
    public int Readers { get; init; } = 2;

    /// <summary>Largest read in bytes, from 128 KiB to 16 MiB. The kernel's limit is 1 MiB unless it was raised.</summary>
    public int MaxRead { get; init; } = 1 << 20;

    /// <summary>Most requests that the kernel has waiting for nobody in particular, as in read-ahead; 1 to 65535.</summary>
    public int MaxBackground { get; init; } = 64;

    /// <summary>Largest read-ahead to agree on in bytes; the kernel offers 128 KiB.</summary>
    public int MaxReadahead { get; init; } = 1 << 20;

    /// <summary>Read-ahead in KiB that is set after the mount, which needs root; 0: as the kernel has it.</summary>
    public int ReadAheadKb { get; init; } = 1024;

    /// <summary>Whether directories are listed with attributes.</summary>
    public bool ReadDirPlus { get; init; } = true;

    /// <summary>Whether passthrough is wanted, where the kernel has it.</summary>
    public bool Passthrough { get; init; } = true;

    /// <summary>
    /// Whether the kernel enforces the ACLs of <c>system.posix_acl_access</c> and <c>_default</c>, and keeps them; it checks
    /// all permissions then.
    /// </summary>
    public bool PosixAcl { get; init; }

    /// <summary>
    /// Whether look-ups of `.` and `..` are answered, from any node: then there are file handles, as for NFS.
    /// </summary>
    public bool ExportSupport { get; init; }

    /// <summary>
    /// 1, or 2 if backing files lie on a stacked file system such as overlayfs; then none can be stacked on this one.
    /// </summary>
    public int MaxStackDepth { get; init; } = 1;

    /// <summary>How long requests may take to end after the connection has.</summary>
    public TimeSpan EndTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Told in one line of each thing that goes wrong but is survived. Called on any thread; must not throw.</summary>
    public Action<string>? Complaint { get; init; }

    /// <summary>Told in one line of each request and reply. Called on any thread; must not throw.</summary>
    public Action<string>? Trace { get; init; }
}
