using Mono.Unix.Native;
using Xget.Testing;

namespace Xget.NineP.Tests.Client;

/// <summary>How a client and a server agree, or do not.</summary>
public sealed class HandshakeTests
{
    private readonly ManualTime _time = new();

    private async Task<Reply<NinePClient>> ConnectAsync(Dialect offer, byte[]? answer)
    {
        (MemoryConnection near, MemoryConnection far) = MemoryConnection.Pair();
        ScriptedPeer peer = new(far);
        Task<Reply<NinePClient>> connecting = NinePClient.ConnectAsync(
            near, new ClientOptions { Dialect = offer, Msize = 32792 }, _time, CancellationToken.None).AsTask();
        await peer.ReceiveAsync();
        if (answer is not null)
        {
            await peer.SendAsync(answer);
        }

        await peer.DisposeAsync();
        return await connecting;
    }

    private static byte[] Rversion(uint msize, string version) =>
        Frames.Version(msize, version, MessageType.Rversion);

    [Theory]
    [InlineData(Dialect.NineP2000L, "9P2000.L", Dialect.NineP2000L)]
    [InlineData(Dialect.NineP2000L, "9P2000", Dialect.NineP2000)]
    [InlineData(Dialect.NineP2000u, "9P2000.u", Dialect.NineP2000u)]
    [InlineData(Dialect.NineP2000u, "9P2000", Dialect.NineP2000)]
    public async Task The_dialect_that_the_server_answers_is_taken(Dialect offer, string answer, Dialect agreed)
    {
        Reply<NinePClient> reply = await ConnectAsync(offer, Rversion(8192, answer));
        Assert.True(reply.Ok);
        Assert.Equal((agreed, 8192), (reply.Value.Dialect, reply.Value.Msize));
        await reply.Value.DisposeAsync();
    }

    [Theory]
    [InlineData("unknown")]
    [InlineData("9P3000")]
    [InlineData("9P2000.L")]
    public async Task A_dialect_that_is_not_known_or_was_not_offered_is_refused(string answer)
    {
        Reply<NinePClient> reply = await ConnectAsync(Dialect.NineP2000u, Rversion(8192, answer));
        Assert.Equal(Errno.EPROTONOSUPPORT, reply.Error);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(255u)]
    [InlineData(32793u)]
    [InlineData(0xFFFFFFFFu)]
    public async Task An_msize_that_was_not_offered_is_refused(uint msize)
    {
        Reply<NinePClient> reply = await ConnectAsync(Dialect.NineP2000L, Rversion(msize, "9P2000.L"));
        Assert.Equal(Errno.EPROTO, reply.Error);
    }

    public static TheoryData<byte[]> Nonsense => new()
    {
        { [0, 0, 0, 0, 101, 255, 255] },
        { [6, 0, 0, 0, 101, 255] },
        { [255, 255, 255, 255, 101, 255, 255] },
        { Rversion(8192, "9P2000.L")[..12] },
        { Frames.Raw((byte)MessageType.Rversion, 0xFFFF, 0, 32, 0, 0, 200, 0) },
        { Frames.Empty(MessageType.Rclunk, 0xFFFF) },
        { [.. Rversion(8192, "9P2000.L"), 0] },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task An_answer_that_makes_no_sense_is_refused(byte[] answer)
    {
        Reply<NinePClient> reply = await ConnectAsync(Dialect.NineP2000L, answer);
        Assert.Equal(Errno.EPROTO, reply.Error);
    }

    [Fact]
    public async Task An_error_of_any_dialect_is_passed_on()
    {
        byte[] error = Frames.Error(Dialect.NineP2000, 0xFFFF, Errno.EMSGSIZE, "Message too long");
        Assert.Equal(Errno.EMSGSIZE, (await ConnectAsync(Dialect.NineP2000L, error)).Error);
        error = Frames.Error(Dialect.NineP2000L, 0xFFFF, Errno.EBUSY);
        Assert.Equal(Errno.EBUSY, (await ConnectAsync(Dialect.NineP2000L, error)).Error);
    }

    [Fact]
    public async Task A_server_that_hangs_up_is_a_reset() =>
        Assert.Equal(Errno.ECONNRESET, (await ConnectAsync(Dialect.NineP2000L, null)).Error);

    [Fact]
    public async Task A_server_that_says_nothing_costs_one_time_out()
    {
        (MemoryConnection near, _) = MemoryConnection.Pair();
        Task<Reply<NinePClient>> connecting = NinePClient.ConnectAsync(
            near, new ClientOptions(), _time, CancellationToken.None).AsTask();
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(connecting.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(Errno.ETIMEDOUT, (await connecting).Error);
    }

    [Fact]
    public async Task Connecting_can_be_cancelled()
    {
        (MemoryConnection near, _) = MemoryConnection.Pair();
        using CancellationTokenSource cancel = new();
        Task<Reply<NinePClient>> connecting = NinePClient.ConnectAsync(
            near, new ClientOptions(), _time, cancel.Token).AsTask();
        await cancel.CancelAsync();
        Assert.Equal(Errno.EINTR, (await connecting).Error);
    }
}
