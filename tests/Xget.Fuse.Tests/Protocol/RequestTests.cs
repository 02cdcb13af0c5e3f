using System.Text;
using Mono.Unix.Native;
using static Xget.Fuse.Tests.Protocol.FakeKernel;

namespace Xget.Fuse.Tests.Protocol;

/// <summary>What becomes of each request.</summary>
public class RequestTests
{
    private readonly ScriptedFiles _files = new();
    private readonly FakeKernel _kernel;

    public RequestTests() => _kernel = Connected(_files);

    [Fact]
    public void A_request_byte_by_byte()
    {
        FuseRequest? seen = null;
        string? name = null;
        (ulong, ulong, uint, uint, uint) header = default;
        _files.OnLookup = (request, bytes) =>
        {
            seen = request;
            header = (request.Unique, request.NodeId, request.Uid, request.Gid, request.Pid);
            name = Encoding.UTF8.GetString(bytes.Span);
            return FuseAnswer.Failed<EntryOut>(Errno.ENOENT);
        };
        _kernel.Deliver(Hex.Parse("""
            2C000000            # len 44
            01000000            # opcode LOOKUP
            8877665544332211    # unique
            0807060504030201    # nodeid
            01010000            # uid
            02020000            # gid
            03030000            # pid
            0000                # total_extlen
            0000                # padding
            61C3A4 00           # name, NUL
            """));
        Assert.NotNull(seen);
        Assert.Equal((0x1122334455667788ul, 0x0102030405060708ul, 0x101u, 0x202u, 0x303u), header);
        Assert.Equal("aä", name);
    }

    [Fact]
    public void Read_byte_by_byte()
    {
        _files.OnRead = (_, size) => FuseData.Bytes(new byte[size]).AsAnswer();
        byte[] reply = _kernel.Ask(15, 5, Hex.Parse("""
            0900000000000000    # fh
            0010000000000000    # offset 4096
            00200000            # size 8192
            00000000            # read_flags
            0000000000000000    # lock_owner
            00800000            # flags
            00000000            # padding
            """));
        Assert.Equal(16 + 8192, reply.Length);
        Assert.Equal(["read 5 9 4096 8192"], _files.Calls);
    }

    [Theory]
    [InlineData(14, "01000100 00000000", "open 5 10001")]                                               // flags, open_flags
    [InlineData(18, "0900000000000000 01000000 00000000 0000000000000000", "release 5 9")]              // fh, flags, …
    [InlineData(20, "0900000000000000 01000000 00000000", "fsync 5 9 True")]                            // fh, datasync
    [InlineData(30, "0900000000000000 00000000 00000000", "fsync 5 9 False")]
    [InlineData(3, "00000000 00000000 0900000000000000", "getattr 5 ")]                                 // flags, dummy, fh
    [InlineData(3, "01000000 00000000 0900000000000000", "getattr 5 9")]
    [InlineData(52, "01000000 00000000 0900000000000000 00010000 FF070000", "statx 5 9 100 7ff")]       // …, sx_flags, sx_mask
    [InlineData(2, "0300000000000000", "forget 5 3")]                                                   // nlookup
    [InlineData(42, "01000000 00000000 0700000000000000 0800000000000000", "forget 7 8")]               // count, dummy, nodeid, nlookup
    public void Fields_reach_the_file_system(int opcode, string body, string call)
    {
        _kernel.Send((uint)opcode, 5, Hex.Parse(body));
        Assert.Equal([call], _files.Calls);
    }

    [Fact]
    public void Forgets_are_counted_each_and_never_answered()
    {
        _kernel.Send(42, 0, Hex.Parse("""
            03000000 00000000                   # count, dummy
            0700000000000000 0100000000000000   # nodeid, nlookup
            0800000000000000 0200000000000000
            0900000000000000 0300000000000000
            """));
        _kernel.Send(42, 0, Hex.Parse("""
            FFFFFFFF 00000000                   # a count that lies
            0A00000000000000 0400000000000000
            0B000000                            # cut off
            """));
        _kernel.Send(2, 0, [1, 2]);
        Assert.Equal(["forget 7 1", "forget 8 2", "forget 9 3", "forget 10 4"], _files.Calls);
        Assert.Equal(0, _kernel.ReplyCount);
    }

    [Theory]
    [InlineData(4)] // SETATTR
    [InlineData(6)] // SYMLINK
    [InlineData(8)] // MKNOD
    [InlineData(9)] // MKDIR
    [InlineData(10)] // UNLINK
    [InlineData(11)] // RMDIR
    [InlineData(12)] // RENAME
    [InlineData(13)] // LINK
    [InlineData(16)] // WRITE
    [InlineData(21)] // SETXATTR
    [InlineData(24)] // REMOVEXATTR
    [InlineData(35)] // CREATE
    [InlineData(43)] // FALLOCATE
    [InlineData(45)] // RENAME2
    [InlineData(47)] // COPY_FILE_RANGE
    [InlineData(51)] // TMPFILE
    [InlineData(53)] // COPY_FILE_RANGE_64
    public void What_changes_something_is_refused(int opcode) =>
        Assert.Equal(-(int)Errno.EROFS, ErrorOf(_kernel.Ask((uint)opcode, 5,
            [.. Name(new string('x', 100)), .. Name("y"), .. Name("z")]))); // Long enough for each.

    [Theory]
    [InlineData(31, Errno.ENOSYS)] // GETLK
    [InlineData(37, Errno.ENOSYS)] // BMAP
    [InlineData(39, Errno.ENOTTY)] // IOCTL
    [InlineData(40, Errno.ENOSYS)] // POLL
    [InlineData(50, Errno.ENOSYS)] // SYNCFS
    [InlineData(7, Errno.ENOSYS)] // nothing
    [InlineData(54, Errno.ENOSYS)] // not yet thought of
    [InlineData(4096, Errno.ENOSYS)] // CUSE_INIT
    public void What_is_not_had_is_left_to_the_kernel(int opcode, Errno expected) =>
        Assert.Equal(-(int)expected, ErrorOf(_kernel.Ask((uint)opcode, 5, new byte[88])));

    [Theory]
    [InlineData(25, Errno.ENOSYS)] // FLUSH
    [InlineData(34, Errno.ENOSYS)] // ACCESS
    [InlineData(27, Errno.ENOSYS)] // OPENDIR
    [InlineData(52, Errno.ENOSYS)] // STATX
    [InlineData(20, Errno.ENOSYS)] // FSYNC
    [InlineData(18, (Errno)0)] // RELEASE
    [InlineData(29, (Errno)0)] // RELEASEDIR
    [InlineData(38, (Errno)0)] // DESTROY
    public void A_file_system_need_not_do_it(int opcode, Errno expected) =>
        Assert.Equal(-(int)expected, ErrorOf(_kernel.Ask((uint)opcode, 5, new byte[24])));

    [Fact]
    public void A_kernel_that_cannot_open_directories_by_itself_is_told_to_cache_them()
    {
        FakeKernel old = new(_files);
        old.Ask(26, 0, Init(7, 28, 0, 0));
        byte[] reply = old.Ask(27, 1, new byte[8]);
        Assert.Equal((0, 10u), (ErrorOf(reply), BitConverter.ToUInt32(reply, 24))); // KEEP_CACHE, CACHE_DIR
    }

    [Theory]
    [InlineData(1, 0)] // LOOKUP without a name
    [InlineData(3, 15)]
    [InlineData(15, 39)]
    [InlineData(22, 8)] // GETXATTR without a name
    public void A_request_that_is_too_short_is_refused(int opcode, int length)
    {
        Assert.Equal(-(int)Errno.EINVAL, ErrorOf(_kernel.Ask((uint)opcode, 5, new byte[length])));
        Assert.Single(_kernel.Complaints);
        Assert.Empty(_files.Calls);
    }

    [Fact]
    public void A_name_without_its_end_is_refused() =>
        Assert.Equal(-(int)Errno.EINVAL, ErrorOf(_kernel.Ask(1, 5, "abc"u8.ToArray())));

    [Theory]
    [InlineData(0u)]
    [InlineData(1_048_576u)]
    public void A_read_may_be_as_large_as_agreed(uint size)
    {
        _files.OnRead = (_, count) => FuseData.Bytes(new byte[count]).AsAnswer();
        Assert.Equal(16 + size, (uint)_kernel.Ask(15, 5, ReadBody(0, 0, size)).Length);
    }

    [Theory]
    [InlineData(0ul, 1_048_577u)]
    [InlineData(0ul, uint.MaxValue)]
    [InlineData(1ul << 63, 1u)]
    public void A_read_beyond_all_bounds_is_refused(ulong offset, uint size)
    {
        Assert.Equal(-(int)Errno.EINVAL, ErrorOf(_kernel.Ask(15, 5, ReadBody(0, offset, size))));
        Assert.Empty(_files.Calls);
    }

    [Fact]
    public void More_bytes_than_were_asked_for_are_cut_off()
    {
        using Owner owner = new();
        _files.OnRead = (_, _) => FuseData.Bytes(new byte[100], owner).AsAnswer();
        Assert.Equal(16 + 10, _kernel.Ask(15, 5, ReadBody(0, 0, 10)).Length);
        Assert.True(owner.IsDisposed);
    }

    [Fact]
    public void A_read_from_a_file_gives_its_bytes_or_an_error_but_never_fewer()
    {
        using Mounting.SampleFile sample = new(100_000);
        using Owner owner = new();
        _files.OnRead = (_, size) => FuseData.File(sample.Handle, 1000, size, owner).AsAnswer();
        byte[] reply = _kernel.Ask(15, 5, ReadBody(0, 1000, 99_000));
        Assert.Equal(sample.Bytes[1000..], reply[16..]);
        Assert.True(owner.IsDisposed);
        Assert.DoesNotContain(_files.Calls, c => c.StartsWith("unreadable", StringComparison.Ordinal));
        Assert.Equal(-(int)Errno.EIO, ErrorOf(_kernel.Ask(15, 5, ReadBody(0, 1000, 99_001))));
        Assert.Equal("unreadable 5 0 1000 99001", _files.Calls[^1]);
        sample.Handle.Dispose();
        Assert.Equal(-(int)Errno.EIO, ErrorOf(_kernel.Ask(15, 5, ReadBody(0, 1000, 10))));
    }

    [Theory]
    [InlineData(4, Errno.ERANGE)]
    [InlineData(5, (Errno)0)]
    [InlineData(6, (Errno)0)]
    public void An_extended_attribute_fits_or_is_out_of_range(byte size, Errno expected)
    {
        _files.Bytes = new ReadOnlyMemory<byte>("value"u8.ToArray());
        byte[] reply = _kernel.Ask(23, 5, [size, 0, 0, 0, 0, 0, 0, 0]);
        Assert.Equal(-(int)expected, ErrorOf(reply));
        Assert.Equal(expected == 0 ? "value"u8.ToArray() : [], reply[16..]);
    }

    [Fact]
    public void A_link_that_is_too_long_for_the_kernel_is_an_error()
    {
        _files.Bytes = new ReadOnlyMemory<byte>(new byte[4096]);
        Assert.Equal(-(int)Errno.ENAMETOOLONG, ErrorOf(_kernel.Ask(5, 5)));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void An_error_number_that_the_kernel_would_not_take_becomes_EIO(int error)
    {
        _files.Attr = (Errno)error;
        Assert.Equal(-(int)Errno.EIO, ErrorOf(_kernel.Ask(3, 5, new byte[16])));
    }

    [Fact]
    public async Task A_reply_that_the_kernel_refuses_is_followed_by_an_error()
    {
        _files.Attr = new AttrOut(default, default);
        _kernel.Verdict = Errno.EINVAL;
        ulong unique = _kernel.Send(3, 5, new byte[16]);
        await _kernel.ReceiveAsync();
        byte[] second = default!;
        while (_kernel.ReplyCount > 0)
        {
            second = await _kernel.ReceiveAsync();
        }

        Assert.Equal((unique, -(int)Errno.EIO, 16), (UniqueOf(second), ErrorOf(second), second.Length));
    }

    [Fact]
    public void A_lookup_whose_reply_nobody_took_is_forgotten()
    {
        _files.OnLookup = (_, _) => new EntryOut { NodeId = 77 }.AsAnswer();
        _kernel.Verdict = Errno.ENOENT;
        _kernel.Ask(1, 5, Name("a"));
        Assert.Equal(["forget 77 1"], _files.Calls);
    }

    private sealed class Owner : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
