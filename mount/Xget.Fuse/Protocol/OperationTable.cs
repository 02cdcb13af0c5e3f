using Mono.Unix.Native;
using static Xget.Fuse.Replies;

namespace Xget.Fuse;

/// <summary>
/// All operations of the protocol (7.45). The one table that says which there are serves dispatch, the check of a
/// request's layout and the trace.
/// </summary>
internal static partial class OperationTable
{
    private static readonly Operation?[] Table = Build();

    /// <summary>The operations in the order of their numbers.</summary>
    public static IEnumerable<Operation> All => Table.OfType<Operation>();

    /// <summary>The operation with that number, if there is one.</summary>
    public static Operation? Find(FuseOpcode opcode) => (uint)opcode < (uint)Table.Length ? Table[(uint)opcode] : null;

    /// <summary>Whether the kernel waits for an answer at all.</summary>
    public static bool HasReply(FuseOpcode opcode) => opcode is not (FuseOpcode.Forget or FuseOpcode.BatchForget
        or FuseOpcode.Interrupt or FuseOpcode.NotifyReply);

    private static Operation?[] Build()
    {
        Operation?[] table = new Operation?[(int)FuseOpcode.CopyFileRange64 + 1];

        // The tree.
        Add(new Operation<Nothing, FuseResult<EntryOut>>(FuseOpcode.Lookup, 1,
            static (files, r, _, name) => files.LookupAsync(r, r.NodeId, name), SendEntry));
        Add(new Immediate(FuseOpcode.Forget, sizeof(ulong), Forget));
        Add(new Immediate(FuseOpcode.BatchForget, 2 * sizeof(uint), BatchForget));
        Add(new Operation<GetAttrIn, FuseResult<AttrOut>>(FuseOpcode.GetAttr, 0,
            static (files, r, x, _) => files.GetAttrAsync(r, r.NodeId, FhOf(x.GetAttrFlags, x.Fh)), SendAttr));
        Add(new Operation<StatxIn, FuseResult<StatxOut>>(FuseOpcode.Statx, 0,
            static (files, r, x, _) =>
                files.StatxAsync(r, r.NodeId, FhOf(x.GetAttrFlags, x.Fh), x.SxFlags, x.SxMask), SendStatx));
        Add(new Operation<Nothing, FuseResult<ReadOnlyMemory<byte>>>(FuseOpcode.ReadLink, 0,
            static (files, r, _, _) => files.ReadLinkAsync(r, r.NodeId), SendLink));
        Add(new Operation<AccessIn, Errno>(FuseOpcode.Access, 0,
            static (files, r, x, _) => files.AccessAsync(r, r.NodeId, (AccessModes)x.Mask), SendError));
        Add(new Operation<Nothing, FuseResult<FuseStatFs>>(FuseOpcode.StatFs, 0,
            static (files, r, _, _) => files.StatFsAsync(r, r.NodeId), SendStatFs));
        Add(new Operation<GetXattrIn, FuseResult<ReadOnlyMemory<byte>>>(FuseOpcode.GetXattr, 1,
            static (files, r, _, name) => files.GetXattrAsync(r, r.NodeId, name), SendXattr));
        Add(new Operation<GetXattrIn, FuseResult<ReadOnlyMemory<byte>>>(FuseOpcode.ListXattr, 0,
            static (files, r, _, _) => files.ListXattrAsync(r, r.NodeId), SendXattr));

        // Open files.
        Add(new Operation<OpenIn, FuseResult<OpenOut>>(FuseOpcode.Open, 0,
            static (files, r, x, _) => files.OpenAsync(r, r.NodeId, (OpenFlags)x.Flags), SendOpen));
        Add(new Operation<ReadIn, FuseResult<FuseData>>(FuseOpcode.Read, 0, Read, SendData));
        Add(new Operation<LseekIn, FuseResult<ulong>>(FuseOpcode.Lseek, 0,
            static (files, r, x, _) => files.LseekAsync(r, r.NodeId, x.Fh, x.Offset, x.Whence), SendOffset));
        Add(new Operation<FlushIn, Errno>(FuseOpcode.Flush, 0,
            static (files, r, x, _) => files.FlushAsync(r, r.NodeId, x.Fh), SendError));
        Add(new Operation<FsyncIn, Errno>(FuseOpcode.Fsync, 0, Fsync, SendError));
        Add(new Operation<ReleaseIn, Errno>(FuseOpcode.Release, 0,
            static (files, r, x, _) => files.ReleaseAsync(r, r.NodeId, x.Fh), SendError));

        // Open directories.
        Add(new Operation<OpenIn, FuseResult<OpenOut>>(FuseOpcode.OpenDir, 0,
            static (files, r, x, _) => files.OpenDirAsync(r, r.NodeId, (OpenFlags)x.Flags), SendOpenDir));
        Add(new Operation<ReadIn, Errno>(FuseOpcode.ReadDir, 0, ReadDir, SendEntries));
        Add(new Operation<ReadIn, Errno>(FuseOpcode.ReadDirPlus, 0, ReadDir, SendEntries));
        Add(new Operation<FsyncIn, Errno>(FuseOpcode.FsyncDir, 0, Fsync, SendError));
        Add(new Operation<ReleaseIn, Errno>(FuseOpcode.ReleaseDir, 0,
            static (files, r, x, _) => files.ReleaseDirAsync(r, r.NodeId, x.Fh), SendError));

        // The connection.
        Add(new Immediate(FuseOpcode.Init, 2 * sizeof(uint), static (core, r) => core.Init(r)));
        Add(new Immediate(FuseOpcode.Destroy, 0, static (_, r) => r.Reply(0)));
        Add(new Immediate(FuseOpcode.Interrupt, sizeof(ulong), static (_, _) => { })); // The core does it.
        Add(new Immediate(FuseOpcode.NotifyReply, 40, static (_, _) => { }));

        // What would change something.
        Add(new Refusal(FuseOpcode.SetAttr, 88, 0, Errno.EROFS));
        Add(new Refusal(FuseOpcode.Symlink, 0, 2, Errno.EROFS));
        Add(new Refusal(FuseOpcode.MkNod, 16, 1, Errno.EROFS));
        Add(new Refusal(FuseOpcode.MkDir, 8, 1, Errno.EROFS));
        Add(new Refusal(FuseOpcode.Unlink, 0, 1, Errno.EROFS));
        Add(new Refusal(FuseOpcode.RmDir, 0, 1, Errno.EROFS));
        Add(new Refusal(FuseOpcode.Rename, 8, 2, Errno.EROFS));
        Add(new Refusal(FuseOpcode.Rename2, 16, 2, Errno.EROFS));
        Add(new Refusal(FuseOpcode.Link, 8, 1, Errno.EROFS));
        Add(new Refusal(FuseOpcode.Write, 40, 0, Errno.EROFS));
        Add(new Refusal(FuseOpcode.SetXattr, 8, 1, Errno.EROFS));
        Add(new Refusal(FuseOpcode.RemoveXattr, 0, 1, Errno.EROFS));
        Add(new Refusal(FuseOpcode.Create, 16, 1, Errno.EROFS));
        Add(new Refusal(FuseOpcode.TmpFile, 16, 1, Errno.EROFS));
        Add(new Refusal(FuseOpcode.Fallocate, 32, 0, Errno.EROFS));
        Add(new Refusal(FuseOpcode.CopyFileRange, 56, 0, Errno.EROFS));
        Add(new Refusal(FuseOpcode.CopyFileRange64, 56, 0, Errno.EROFS));

        // What the kernel does by itself after ENOSYS, or does without.
        Add(new Refusal(FuseOpcode.GetLk, 48, 0, Errno.ENOSYS));
        Add(new Refusal(FuseOpcode.SetLk, 48, 0, Errno.ENOSYS));
        Add(new Refusal(FuseOpcode.SetLkw, 48, 0, Errno.ENOSYS));
        Add(new Refusal(FuseOpcode.Bmap, 16, 0, Errno.ENOSYS));
        Add(new Refusal(FuseOpcode.Ioctl, 32, 0, Errno.ENOTTY));
        Add(new Refusal(FuseOpcode.Poll, 24, 0, Errno.ENOSYS));
        Add(new Refusal(FuseOpcode.SetupMapping, 40, 0, Errno.ENOSYS));
        Add(new Refusal(FuseOpcode.RemoveMapping, 4, 0, Errno.ENOSYS));
        Add(new Refusal(FuseOpcode.SyncFs, 8, 0, Errno.ENOSYS));
        return table;

        void Add(Operation operation) => table[(uint)operation.Opcode] = operation;
    }
}
