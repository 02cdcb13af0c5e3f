namespace Xget.Fuse;

/// <summary>Flags of mount(2) (include/uapi/linux/mount.h).</summary>
[Flags]
public enum MsFlags : ulong
{
#pragma warning disable CS1591 // mount(2) explains them.
    None = 0,
    ReadOnly = 1,
    NoSuid = 2,
    NoDev = 4,
    NoExec = 8,
    Synchronous = 16,
    Remount = 32,
    MandLock = 64,
    DirSync = 128,
    NoSymFollow = 256,
    NoAtime = 1024,
    NoDirAtime = 2048,
    Silent = 1 << 15,
    RelAtime = 1 << 21,
    StrictAtime = 1 << 24,
    LazyTime = 1 << 25,
#pragma warning restore CS1591
}
