using System.Runtime.CompilerServices;
using Mono.Unix.Native;
using static Xget.Fuse.FuseInitFlags;

namespace Xget.Fuse;

/// <summary>What INIT is answered with.</summary>
/// <param name="Error">0, or why the connection cannot be.</param>
/// <param name="Reply">The reply.</param>
/// <param name="Length">How many bytes of it an old kernel knows.</param>
/// <param name="IsFinal">Whether the versions agree; if not, the kernel asks again with ours.</param>
/// <param name="Offered">The kernel's capabilities.</param>
/// <param name="Agreed">Those that both have and want.</param>
internal readonly record struct InitAnswer(Errno Error, InitOut Reply, int Length, bool IsFinal, FuseInitFlags Offered,
    FuseInitFlags Agreed);

/// <summary>
/// Agrees with the kernel on a version and on capabilities for a tree that is only read (process_init_reply of
/// fs/fuse/inode.c). Nothing is ever answered that the kernel has not offered.
/// </summary>
internal static class InitNegotiation
{
    /// <summary>The version that all of this is written for.</summary>
    public const uint Major = 7;

    /// <summary>The latest minor version that is understood.</summary>
    public const uint Minor = 45;

    private const uint OldestMinor = 9; // Before it, attributes and reads have another layout.
    private const uint MinorOfLongReply = 23;
    private const int ShortReply = 24;
    private const uint LeastWrite = 4096;

    // Not AsyncDio: a reader with O_DIRECT would wait for all its requests even if it is killed.
    private const FuseInitFlags Wanted = AsyncRead | BigWrites | ParallelDirOps | AbortError | MaxPages
        | CacheSymlinks | NoOpenDirSupport | ExplicitInvalData | InitExt;

    public static InitAnswer Negotiate(in InitIn offer, MountOptions options, int pageSize)
    {
        InitOut reply = new() { Major = Major, Minor = Minor };
        if (offer.Major > Major)
        {
            return new InitAnswer(0, reply, Unsafe.SizeOf<InitOut>(), false, None, None);
        }

        if (offer.Major < Major || offer.Minor < OldestMinor)
        {
            return new InitAnswer(Errno.EPROTO, default, 0, false, None, None);
        }

        FuseInitFlags offered = (FuseInitFlags)offer.Flags;
        if (offered.HasFlag(InitExt))
        {
            offered |= (FuseInitFlags)((ulong)offer.Flags2 << 32);
        }

        FuseInitFlags agreed = offered & WantedBy(options);
        reply.Minor = Math.Min(Minor, offer.Minor);
        reply.MaxReadahead = Math.Min(offer.MaxReadahead, (uint)options.MaxReadahead);
        reply.Flags = (uint)agreed;
        reply.Flags2 = (uint)((ulong)agreed >> 32);
        reply.MaxBackground = (ushort)options.MaxBackground;
        reply.CongestionThreshold = (ushort)Math.Max(1, options.MaxBackground * 3 / 4);
        reply.MaxWrite = LeastWrite;
        reply.TimeGran = 1;
        reply.MaxPages = agreed.HasFlag(MaxPages) ? (ushort)Math.Clamp(options.MaxRead / pageSize, 1, 0xffff) : (ushort)0;
        reply.MaxStackDepth = agreed.HasFlag(Passthrough) ? (uint)options.MaxStackDepth : 0;
        int length = reply.Minor < MinorOfLongReply ? ShortReply : Unsafe.SizeOf<InitOut>();
        return new InitAnswer(0, reply, length, true, offered, agreed);
    }

    private static FuseInitFlags WantedBy(MountOptions options) => Wanted
        | (options.ReadDirPlus ? DoReadDirPlus | ReadDirPlusAuto : None)
        | (options.PosixAcl ? PosixAcl : None)
        | (options.ExportSupport ? ExportSupport : NoExportSupport)
        | (options.Passthrough ? Passthrough : None);
}
