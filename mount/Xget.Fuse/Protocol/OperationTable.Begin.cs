using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mono.Unix.Native;

namespace Xget.Fuse;

/// <content>The operations that do more than to call their method.</content>
internal static partial class OperationTable
{
    private static ulong? FhOf(uint flags, ulong fh) => (flags & GetAttrIn.HasFh) != 0 ? fh : null;

    private static void Forget(FuseCore core, FuseRequest request) =>
        core.Files.Forget(request.NodeId, request.Fixed<ForgetIn>().Nlookup);

    private static void BatchForget(FuseCore core, FuseRequest request)
    {
        ReadOnlySpan<byte> rest = request.Body.Span[Unsafe.SizeOf<BatchForgetIn>()..];
        uint count = request.Fixed<BatchForgetIn>().Count;
        for (; count > 0 && rest.Length >= Unsafe.SizeOf<ForgetOne>(); count--)
        {
            ForgetOne one = MemoryMarshal.Read<ForgetOne>(rest);
            core.Files.Forget(one.NodeId, one.Nlookup);
            rest = rest[Unsafe.SizeOf<ForgetOne>()..];
        }
    }

    private static ValueTask<FuseResult<FuseData>> Read(FuseFileSystem files, FuseRequest request, ReadIn input,
        ReadOnlyMemory<byte> rest)
    {
        if (input.Size > (uint)request.Core.Buffers.Largest || input.Offset > long.MaxValue)
        {
            return FuseAnswer.Failed<FuseData>(Errno.EINVAL);
        }

        return files.ReadAsync(request, request.NodeId, input.Fh, input.Offset, (int)input.Size);
    }

    private static ValueTask<Errno> ReadDir(FuseFileSystem files, FuseRequest request, ReadIn input,
        ReadOnlyMemory<byte> rest)
    {
        // The size of the caller's buffer, of which any part may be used.
        int room = (int)Math.Min(input.Size, (uint)request.Core.Buffers.Largest);
        bool plus = request.Opcode == FuseOpcode.ReadDirPlus;
        request.Entries.Open(request.Core.Buffers.Rent(room), room, plus);
        return plus
            ? files.ReadDirPlusAsync(request, request.NodeId, input.Fh, input.Offset, request.Entries)
            : files.ReadDirAsync(request, request.NodeId, input.Fh, input.Offset, request.Entries);
    }

    private static ValueTask<Errno> Fsync(FuseFileSystem files, FuseRequest request, FsyncIn input,
        ReadOnlyMemory<byte> rest) =>
        files.FsyncAsync(request, request.NodeId, input.Fh, (input.FsyncFlags & FsyncIn.DataOnly) != 0);
}
