using Mono.Unix.Native;
using static Xget.Fuse.Tests.Protocol.FakeKernel;

namespace Xget.Fuse.Tests.Protocol;

/// <summary>Notifications byte by byte.</summary>
public class NotifierTests : IAsyncLifetime
{
    private readonly FakeKernel _kernel = Connected(new ScriptedFiles());

    private FuseNotifier Notifier => _kernel.Core.Notifier;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kernel.Core.EndAsync();

    [Fact]
    public Task Inval_inode() => ExpectAsync(Notifier.InvalidateInodeAsync(0x1122, -1, 5), """
        28000000            # len 40
        02000000            # code
        0000000000000000    # unique
        2211000000000000    # ino
        FFFFFFFFFFFFFFFF    # off
        0500000000000000    # len
        """);

    [Theory]
    [InlineData(false, "00000000")]
    [InlineData(true, "01000000")]
    public Task Inval_entry(bool expire, string flags) => ExpectAsync(Notifier.InvalidateEntryAsync(7, "abc"u8, expire), $"""
        24000000            # len 36
        03000000            # code
        0000000000000000    # unique
        0700000000000000    # parent
        03000000            # namelen
        {flags}             # flags
        616263 00           # name, NUL
        """);

    [Fact]
    public Task Store() => ExpectAsync(Notifier.StoreAsync(7, 0x1000, "data"u8), """
        2C000000            # len 44
        04000000            # code
        0000000000000000    # unique
        0700000000000000    # nodeid
        0010000000000000    # offset
        04000000            # size
        00000000            # padding
        64617461            # data
        """);

    [Fact]
    public Task Delete() => ExpectAsync(Notifier.DeleteAsync(7, 8, "abc"u8), """
        2C000000            # len 44
        06000000            # code
        0000000000000000    # unique
        0700000000000000    # parent
        0800000000000000    # child
        03000000            # namelen
        00000000            # padding
        616263 00           # name, NUL
        """);

    [Fact]
    public Task Inc_epoch() => ExpectAsync(Notifier.IncrementEpochAsync(), """
        10000000            # len 16
        08000000            # code
        0000000000000000    # unique
        """);

    [Fact]
    public Task Prune() => ExpectAsync(Notifier.PruneAsync([7, 8]), """
        30000000            # len 48
        09000000            # code
        0000000000000000    # unique
        02000000            # count
        00000000            # padding
        0000000000000000    # spare
        0700000000000000    # nodeids
        0800000000000000
        """);

    [Fact]
    public async Task What_the_kernel_says_comes_back()
    {
        _kernel.Verdict = Errno.ENOENT;
        Assert.Equal(Errno.ENOENT, await Notifier.InvalidateInodeAsync(5));
    }

    [Fact]
    public async Task A_kernel_is_not_told_what_it_does_not_know()
    {
        FakeKernel old = new(new ScriptedFiles());
        old.Ask(26, 0, Init(7, 43, 0, 0));
        Assert.Equal(Errno.ENOSYS, await old.Core.Notifier.IncrementEpochAsync());
        Assert.Equal(Errno.ENOSYS, await old.Core.Notifier.PruneAsync([5]));
        Assert.Equal(0, old.ReplyCount);
    }

    [Fact]
    public async Task What_is_no_name_is_not_sent()
    {
        Assert.Equal(Errno.EINVAL, await Notifier.InvalidateEntryAsync(5, []));
        Assert.Equal(Errno.EINVAL, await Notifier.InvalidateEntryAsync(5, new byte[1025]));
        Assert.Equal(0, _kernel.ReplyCount);
    }

    [Fact]
    public async Task They_are_sent_in_order_until_the_end()
    {
        Task<Errno>[] sent = [.. Enumerable.Range(0, 100).Select(i => Notifier.InvalidateInodeAsync((ulong)i))];
        Assert.All(await Task.WhenAll(sent), error => Assert.Equal((Errno)0, error));
        for (int i = 0; i < sent.Length; i++)
        {
            Assert.Equal((ulong)i, BitConverter.ToUInt64(await _kernel.ReceiveAsync(), 16));
        }

        await _kernel.Core.EndAsync();
        Assert.Equal(Errno.ENODEV, await Notifier.InvalidateInodeAsync(1));
        Assert.Equal(0, _kernel.ReplyCount);
    }

    private async Task ExpectAsync(Task<Errno> sent, string golden)
    {
        Assert.Equal((Errno)0, await sent);
        Assert.Equal(Hex.Of(Hex.Parse(golden)), Hex.Of(await _kernel.ReceiveAsync()));
    }
}
