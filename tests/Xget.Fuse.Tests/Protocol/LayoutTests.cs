using System.Runtime.CompilerServices;

namespace Xget.Fuse.Tests.Protocol;

/// <summary>
/// The numbers are sizeof() of the kernel header's structures (include/uapi/linux/fuse.h, 7.45); where the fields lie
/// is seen in the golden messages.
/// </summary>
public class LayoutTests
{
    public static TheoryData<string, int, int> Sizes => new()
    {
        { "fuse_in_header", 40, Unsafe.SizeOf<InHeader>() },
        { "fuse_out_header", 16, Unsafe.SizeOf<OutHeader>() },
        { "fuse_init_in", 64, Unsafe.SizeOf<InitIn>() },
        { "fuse_init_out", 64, Unsafe.SizeOf<InitOut>() },
        { "fuse_attr", 88, Unsafe.SizeOf<FuseAttr>() },
        { "fuse_entry_out", 128, Unsafe.SizeOf<EntryWire>() },
        { "fuse_attr_out", 104, Unsafe.SizeOf<AttrWire>() },
        { "fuse_sx_time", 16, Unsafe.SizeOf<FuseStatxTime>() },
        { "fuse_statx", 256, Unsafe.SizeOf<FuseStatx>() },
        { "fuse_statx_in", 24, Unsafe.SizeOf<StatxIn>() },
        { "fuse_statx_out", 288, Unsafe.SizeOf<StatxWire>() },
        { "fuse_kstatfs", 80, Unsafe.SizeOf<FuseStatFs>() },
        { "fuse_forget_in", 8, Unsafe.SizeOf<ForgetIn>() },
        { "fuse_forget_one", 16, Unsafe.SizeOf<ForgetOne>() },
        { "fuse_batch_forget_in", 8, Unsafe.SizeOf<BatchForgetIn>() },
        { "fuse_getattr_in", 16, Unsafe.SizeOf<GetAttrIn>() },
        { "fuse_open_in", 8, Unsafe.SizeOf<OpenIn>() },
        { "fuse_open_out", 16, Unsafe.SizeOf<OpenOut>() },
        { "fuse_read_in", 40, Unsafe.SizeOf<ReadIn>() },
        { "fuse_release_in", 24, Unsafe.SizeOf<ReleaseIn>() },
        { "fuse_flush_in", 24, Unsafe.SizeOf<FlushIn>() },
        { "fuse_fsync_in", 16, Unsafe.SizeOf<FsyncIn>() },
        { "fuse_getxattr_in", 8, Unsafe.SizeOf<GetXattrIn>() },
        { "fuse_getxattr_out", 8, Unsafe.SizeOf<GetXattrOut>() },
        { "fuse_access_in", 8, Unsafe.SizeOf<AccessIn>() },
        { "fuse_interrupt_in", 8, Unsafe.SizeOf<InterruptIn>() },
        { "fuse_lseek_in", 24, Unsafe.SizeOf<LseekIn>() },
        { "fuse_lseek_out", 8, Unsafe.SizeOf<LseekOut>() },
        { "fuse_dirent", 24, Unsafe.SizeOf<Dirent>() },
        { "fuse_notify_inval_inode_out", 24, Unsafe.SizeOf<NotifyInvalInode>() },
        { "fuse_notify_inval_entry_out", 16, Unsafe.SizeOf<NotifyInvalEntry>() },
        { "fuse_notify_store_out", 24, Unsafe.SizeOf<NotifyStore>() },
        { "fuse_notify_delete_out", 24, Unsafe.SizeOf<NotifyDelete>() },
        { "fuse_notify_prune_out", 16, Unsafe.SizeOf<NotifyPrune>() },
        { "fuse_backing_map", 16, Unsafe.SizeOf<BackingMap>() },
    };

    /// <summary>Opcode, size of its structure, and how many names follow it.</summary>
    public static TheoryData<int, string, int, int> Requests => new()
    {
        { 1, "LOOKUP", 0, 1 },
        { 2, "FORGET", 8, 0 },
        { 3, "GETATTR", 16, 0 },
        { 4, "SETATTR", 88, 0 },
        { 5, "READLINK", 0, 0 },
        { 6, "SYMLINK", 0, 2 },
        { 8, "MKNOD", 16, 1 },
        { 9, "MKDIR", 8, 1 },
        { 10, "UNLINK", 0, 1 },
        { 11, "RMDIR", 0, 1 },
        { 12, "RENAME", 8, 2 },
        { 13, "LINK", 8, 1 },
        { 14, "OPEN", 8, 0 },
        { 15, "READ", 40, 0 },
        { 16, "WRITE", 40, 0 },
        { 17, "STATFS", 0, 0 },
        { 18, "RELEASE", 24, 0 },
        { 20, "FSYNC", 16, 0 },
        { 21, "SETXATTR", 8, 1 },
        { 22, "GETXATTR", 8, 1 },
        { 23, "LISTXATTR", 8, 0 },
        { 24, "REMOVEXATTR", 0, 1 },
        { 25, "FLUSH", 24, 0 },
        { 26, "INIT", 8, 0 },
        { 27, "OPENDIR", 8, 0 },
        { 28, "READDIR", 40, 0 },
        { 29, "RELEASEDIR", 24, 0 },
        { 30, "FSYNCDIR", 16, 0 },
        { 31, "GETLK", 48, 0 },
        { 32, "SETLK", 48, 0 },
        { 33, "SETLKW", 48, 0 },
        { 34, "ACCESS", 8, 0 },
        { 35, "CREATE", 16, 1 },
        { 36, "INTERRUPT", 8, 0 },
        { 37, "BMAP", 16, 0 },
        { 38, "DESTROY", 0, 0 },
        { 39, "IOCTL", 32, 0 },
        { 40, "POLL", 24, 0 },
        { 41, "NOTIFYREPLY", 40, 0 },
        { 42, "BATCHFORGET", 8, 0 },
        { 43, "FALLOCATE", 32, 0 },
        { 44, "READDIRPLUS", 40, 0 },
        { 45, "RENAME2", 16, 2 },
        { 46, "LSEEK", 24, 0 },
        { 47, "COPYFILERANGE", 56, 0 },
        { 48, "SETUPMAPPING", 40, 0 },
        { 49, "REMOVEMAPPING", 4, 0 },
        { 50, "SYNCFS", 8, 0 },
        { 51, "TMPFILE", 16, 1 },
        { 52, "STATX", 24, 0 },
        { 53, "COPYFILERANGE64", 56, 0 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_structure_has_the_size_of_the_kernels(string name, int expected, int actual) =>
        Assert.True(expected == actual, $"{name}: {actual} instead of {expected}");

    [Theory]
    [MemberData(nameof(Requests))]
    public void The_table_has_the_kernels_numbers_names_and_sizes(int opcode, string name, int size, int names)
    {
        Operation? operation = OperationTable.Find((FuseOpcode)opcode);
        Assert.Equal((name, size, names), (operation?.Name, operation?.InSize ?? 0, operation?.Names ?? 0));
    }

    [Fact]
    public void The_table_has_nothing_else() =>
        Assert.Equal(Requests.Select(row => (int)row[0]), OperationTable.All.Select(operation => (int)operation.Opcode));

    [Theory]
    [InlineData(0u, 0u, 0u)]
    [InlineData(8u, 1u, 0x801u)]
    [InlineData(259u, 0x12345u, 0x12310345u)] // minor 0x12345: its low byte, the major number, the rest
    public void A_device_number_is_packed_like_the_kernels(uint major, uint minor, uint packed) =>
        Assert.Equal(packed, FuseAttr.MakeDevice(major, minor));
}
