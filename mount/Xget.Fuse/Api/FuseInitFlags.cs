namespace Xget.Fuse;

/// <summary>
/// Capabilities that kernel and file system agree on in INIT (include/uapi/linux/fuse.h, 7.45); bits from 32 up travel
/// in flags2.
/// </summary>
[Flags]
public enum FuseInitFlags : ulong
{
#pragma warning disable CS1591 // The kernel's own names, explained in its header.
    None = 0,
    AsyncRead = 1ul << 0,
    PosixLocks = 1ul << 1,
    FileOps = 1ul << 2,
    AtomicOTrunc = 1ul << 3,
    ExportSupport = 1ul << 4,
    BigWrites = 1ul << 5,
    DontMask = 1ul << 6,
    SpliceWrite = 1ul << 7,
    SpliceMove = 1ul << 8,
    SpliceRead = 1ul << 9,
    FlockLocks = 1ul << 10,
    HasIoctlDir = 1ul << 11,
    AutoInvalData = 1ul << 12,
    DoReadDirPlus = 1ul << 13,
    ReadDirPlusAuto = 1ul << 14,
    AsyncDio = 1ul << 15,
    WritebackCache = 1ul << 16,
    NoOpenSupport = 1ul << 17,
    ParallelDirOps = 1ul << 18,
    HandleKillPriv = 1ul << 19,
    PosixAcl = 1ul << 20,
    AbortError = 1ul << 21,
    MaxPages = 1ul << 22,
    CacheSymlinks = 1ul << 23,
    NoOpenDirSupport = 1ul << 24,
    ExplicitInvalData = 1ul << 25,
    MapAlignment = 1ul << 26,
    Submounts = 1ul << 27,
    HandleKillPrivV2 = 1ul << 28,
    SetXattrExt = 1ul << 29,
    InitExt = 1ul << 30,
    InitReserved = 1ul << 31,
    SecurityCtx = 1ul << 32,
    HasInodeDax = 1ul << 33,
    CreateSuppGroup = 1ul << 34,
    HasExpireOnly = 1ul << 35,
    DirectIOAllowMmap = 1ul << 36,
    Passthrough = 1ul << 37,
    NoExportSupport = 1ul << 38,
    HasResend = 1ul << 39,
    AllowIdmap = 1ul << 40,
    OverIOUring = 1ul << 41,
    RequestTimeout = 1ul << 42,
#pragma warning restore CS1591
}
