using Mono.Unix.Native;
using static Xget.Fuse.FuseInitFlags;
using static Xget.Fuse.Tests.Protocol.FakeKernel;

namespace Xget.Fuse.Tests.Protocol;

public class InitTests
{
    // What Linux 6.18 offers.
    private const uint OfferedFlags = 0x73fffffb;
    private const uint OfferedFlags2 = 0x5fd;
    private const uint PageSize = 4096;

    private static readonly MountOptions Options = new();

    [Theory]
    [InlineData(31u, (uint)(AsyncRead | MaxPages | NoOpenDirSupport), 0u,
        (ulong)(AsyncRead | MaxPages | NoOpenDirSupport), 64)]
    [InlineData(38u, OfferedFlags, 0xfu, (ulong)(AsyncRead | BigWrites | DoReadDirPlus | ReadDirPlusAuto
        | ParallelDirOps | AbortError | MaxPages | CacheSymlinks | NoOpenDirSupport | ExplicitInvalData | InitExt), 64)]
    [InlineData(45u, OfferedFlags, OfferedFlags2, (ulong)(AsyncRead | BigWrites | DoReadDirPlus | ReadDirPlusAuto
        | ParallelDirOps | AbortError | MaxPages | CacheSymlinks | NoOpenDirSupport | ExplicitInvalData | InitExt
        | Passthrough | NoExportSupport), 64)]
    [InlineData(45u, 0u, 0xffffffffu, 0ul, 64)]                                  // flags2 without INIT_EXT is noise
    [InlineData(45u, (uint)(PosixLocks | WritebackCache | AutoInvalData | PosixAcl), 0u, 0ul, 64)]
    [InlineData(22u, (uint)AsyncRead, 0u, (ulong)AsyncRead, 24)]
    [InlineData(9u, 0u, 0u, 0ul, 24)]
    public void Capabilities_are_agreed_on_where_they_are_offered_and_wanted(uint minor, uint flags, uint flags2,
        ulong expected, int length)
    {
        InitAnswer answer = Negotiate(7, minor, flags, flags2, Options);
        Assert.Equal((FuseInitFlags)expected, answer.Agreed);
        Assert.Equal((uint)expected, answer.Reply.Flags);
        Assert.Equal((uint)(expected >> 32), answer.Reply.Flags2);
        Assert.Equal((7u, minor, length, true),
            (answer.Reply.Major, answer.Reply.Minor, answer.Length, answer.IsFinal));
        Assert.Equal(answer.Agreed.HasFlag(Passthrough) ? 1u : 0u, answer.Reply.MaxStackDepth);
        Assert.Equal(answer.Agreed.HasFlag(MaxPages) ? 256 : 0, answer.Reply.MaxPages);
    }

    [Fact]
    public void Nothing_is_agreed_on_that_was_not_offered_whatever_the_offer()
    {
        Random random = new(7);
        for (int i = 0; i < 1000; i++)
        {
            uint flags = (uint)random.NextInt64(1L << 32);
            uint flags2 = (uint)random.NextInt64(1L << 32);
            uint minor = (uint)random.Next(9, 60);
            InitAnswer answer = Negotiate(7, minor, flags, flags2, Options);
            Assert.Equal(0u, answer.Reply.Flags & ~flags);
            Assert.Equal(0u, answer.Reply.Flags2 & ~flags2);
            Assert.True(answer.Reply.Flags2 == 0 || (answer.Reply.Flags & (uint)InitExt) != 0);
            Assert.Equal(Math.Min(minor, 45), answer.Reply.Minor);
        }
    }

    [Fact]
    public void What_is_not_wanted_is_not_agreed_on()
    {
        MountOptions options = new() { Passthrough = false, ReadDirPlus = false };
        FuseInitFlags agreed = Negotiate(7, 45, OfferedFlags, OfferedFlags2, options).Agreed;
        Assert.Equal(None, agreed & (Passthrough | DoReadDirPlus | ReadDirPlusAuto | PosixAcl | ExportSupport));
    }

    [Fact]
    public void Acls_and_file_handles_are_agreed_on_where_the_file_system_has_them()
    {
        FuseInitFlags agreed = Negotiate(7, 45, OfferedFlags, OfferedFlags2, new MountOptions { PosixAcl = true, ExportSupport = true }).Agreed;
        Assert.Equal(PosixAcl | ExportSupport, agreed & (PosixAcl | ExportSupport | NoExportSupport));
    }

    [Fact]
    public void Direct_reads_are_never_left_to_themselves_as_nobody_could_kill_their_reader() =>
        Assert.Equal(None, Negotiate(7, 45, OfferedFlags, OfferedFlags2, Options).Agreed & AsyncDio);

    [Fact]
    public void Limits_come_from_the_options()
    {
        MountOptions options = new()
        {
            MaxBackground = 100, MaxReadahead = 65536, MaxRead = 256 << 10, MaxStackDepth = 2,
        };
        InitOut reply = Negotiate(7, 45, OfferedFlags, OfferedFlags2, options).Reply;
        Assert.Equal((100, 75), (reply.MaxBackground, reply.CongestionThreshold));
        Assert.Equal((65536u, 64, 2u), (reply.MaxReadahead, reply.MaxPages, reply.MaxStackDepth));
        Assert.Equal((4096u, 1u, 0), (reply.MaxWrite, reply.TimeGran, reply.RequestTimeout));
    }

    [Theory]
    [InlineData(6u, 45u)]
    [InlineData(7u, 8u)]
    [InlineData(0u, 0u)]
    public void A_kernel_that_is_too_old_is_refused(uint major, uint minor) =>
        Assert.Equal(Errno.EPROTO, Negotiate(major, minor, 0, 0, Options).Error);

    [Fact]
    public void Init_byte_by_byte()
    {
        byte[] reply = new FakeKernel(new ScriptedFiles()).Ask(26, 0, Hex.Parse("""
            07000000            # major
            2D000000            # minor 45
            00000200            # max_readahead 131072
            FBFFFF73            # flags
            FD050000            # flags2
            00000000000000000000000000000000000000000000000000000000000000000000000000000000 00000000 # unused
            """));
        Assert.Equal(Hex.Of(Hex.Parse("""
            50000000            # len 80
            00000000            # error
            6600000000000000    # unique
            07000000            # major
            2D000000            # minor 45
            00000200            # max_readahead 131072
            2160E443            # flags
            4000                # max_background 64
            3000                # congestion_threshold 48
            00100000            # max_write 4096
            01000000            # time_gran 1
            0001                # max_pages 256
            0000                # map_alignment
            60000000            # flags2: PASSTHROUGH, NO_EXPORT_SUPPORT
            01000000            # max_stack_depth 1
            0000                # request_timeout
            00000000000000000000000000000000000000000000 # unused
            """)), Hex.Of(reply));
    }

    [Fact]
    public void A_newer_major_version_is_answered_with_ours_and_asks_again()
    {
        ScriptedFiles files = new();
        FakeKernel kernel = new(files);
        byte[] reply = kernel.Ask(26, 0, Init(8, 0, 0, 0));
        Assert.Equal((0, 7u), (ErrorOf(reply), BitConverter.ToUInt32(reply, 16)));
        Assert.Null(files.Connection);
        Assert.False(kernel.Core.Initialised.IsCompleted);

        Assert.Equal(0, ErrorOf(kernel.Ask(26, 0, Init(7, 45, 0, 0))));
        Assert.Equal(45, files.Connection?.Minor);
        Assert.True(kernel.Core.Initialised.IsCompletedSuccessfully);
    }

    [Fact]
    public void The_shorter_request_of_older_kernels_will_do()
    {
        ScriptedFiles files = new();
        byte[] reply = new FakeKernel(files).Ask(26, 0, Init(7, 31, (uint)(AsyncRead | InitExt), 0)[..16]);
        Assert.Equal((0, 80), (ErrorOf(reply), reply.Length));
        Assert.Equal((31, AsyncRead | InitExt), (files.Connection!.Minor, files.Connection.Agreed));
    }

    [Fact]
    public void Nothing_is_served_before_init_and_init_comes_once()
    {
        ScriptedFiles files = new();
        FakeKernel kernel = new(files);
        Assert.Equal(-(int)Errno.EIO, ErrorOf(kernel.Ask(3, 1, new byte[16])));
        Assert.Empty(files.Calls);
        kernel.Ask(26, 0, Init(7, 45, 0, 0));
        Assert.Equal(-(int)Errno.EIO, ErrorOf(kernel.Ask(26, 0, Init(7, 45, 0, 0))));
    }

    [Fact]
    public async Task A_file_system_that_does_not_start_is_an_error_in_init()
    {
        FakeKernel kernel = new(new ScriptedFiles { OnInit = () => throw new InvalidOperationException("no") });
        Assert.Equal(-(int)Errno.EIO, ErrorOf(kernel.Ask(26, 0, Init(7, 45, 0, 0))));
        Assert.Equal(Errno.EIO, await kernel.Core.Initialised);
    }

    private static InitAnswer Negotiate(uint major, uint minor, uint flags, uint flags2, MountOptions options) =>
        InitNegotiation.Negotiate(
            new InitIn { Major = major, Minor = minor, MaxReadahead = 131072, Flags = flags, Flags2 = flags2 }, options,
            (int)PageSize);
}
