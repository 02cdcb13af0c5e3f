using Xget.Interop.Tests.Original;
using Xget.Lab;

namespace Xget.Interop.Tests;

/// <summary>
/// Frames that no honest peer sends, against a real master: each ends in an error reply or a closed connection, and an
/// honest client beside it is served as before.
/// </summary>
public sealed class BadInputTests : IAsyncLifetime, IDisposable
{
    private const uint NoFid = 0xffffffff;
    private readonly Scratch _scratch = new();
    private MasterProcess _master = null!;
    private Mount _honest = null!;

    public async Task InitializeAsync()
    {
        if (File.Exists(XgetProgram.Path))
        {
            _scratch.RandomFile("tree/dir/file", 50_000);
            File.WriteAllText(_scratch["secret"], "outside");
            _master = await MasterProcess.StartAsync(_scratch["master"], _scratch["tree"]);
            _honest = await Mount.ConnectAsync(_master.Host, _master.Port);
        }
    }

    public Task DisposeAsync()
    {
        _honest?.Dispose();
        _master?.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _scratch.Dispose();

    public static TheoryData<string, byte[]> FirstFrames() => new()
    {
        { "size 0", new Fields().U32(0).U8(100).U16(0xffff).ToArray() },
        { "size 6", new Fields().U32(6).U8(100).U16(0xffff).ToArray() },
        { "size 4 GiB - 1", new Fields().U32(0xffffffff).U8(100).U16(0xffff).Add(new byte[64]).ToArray() },
        { "size 2 GiB", new Fields().U32(0x80000000).U8(100).U16(0xffff).ToArray() },
        { "a body that is too short", Frame(Kind.Tversion, new Fields().U16(1)) },
        { "a string longer than its frame", Frame(Kind.Tversion, new Fields().U32(8192).U16(0xffff).U8(57)) },
        { "bytes behind the last field", Frame(Kind.Tversion, new Fields().U32(8192).Text("9P2000").U8(0)) },
        { "an attach before the version", Frame(Kind.Tattach, new Fields().U32(0).U32(NoFid).Text("root").Text("")) },
        { "a reply", Frame(Kind.Rread, new Fields().U32(0)) },
        { "text of another protocol", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray() },
        { "msize 0", Frame(Kind.Tversion, new Fields().U32(0).Text("9P2000")) },
        { "msize 23", Frame(Kind.Tversion, new Fields().U32(23).Text("9P2000.L")) },
        { "nothing but NUL", new byte[4096] },
    };

    [SkippableTheory]
    [MemberData(nameof(FirstFrames))]
    public async Task A_bad_first_frame_is_refused_or_closes_the_connection(string what, byte[] frame)
    {
        Prerequisite.Xget();
        Assert.NotEmpty(what);
        using Wire wire = await Wire.ConnectAsync(_master.Host, _master.Port);
        await wire.SendRawAsync(frame);
        if (await wire.ReceiveAsync() is { } reply)
        {
            bool refused = reply.Kind is Kind.Rerror or (Kind)7
                || (reply.Kind == Kind.Rversion && Version(reply) is "unknown");
            Assert.True(refused, $"{what}: {reply.Kind}");
        }

        await ServesAsync();
    }

    [SkippableFact]
    public async Task Msize_4_GiB_is_cut_to_what_the_server_has()
    {
        Prerequisite.Xget();
        using Wire wire = await Wire.ConnectAsync(_master.Host, _master.Port);
        await wire.SendRawAsync(Frame(Kind.Tversion, new Fields().U32(0xffffffff).Text("9P2000.L"), 0xffff));
        Message reply = (await wire.ReceiveAsync())!;
        var version = new Taker(reply.Body);
        Assert.InRange(version.U32(), 4096u, 64u << 20);
        Assert.Equal("9P2000.L", version.Text());
        await ServesAsync();
    }

    [SkippableFact]
    public async Task A_frame_that_is_cut_off_at_any_byte_leaves_the_master_as_it_was()
    {
        Prerequisite.Xget();
        byte[] session =
        [
            .. Frame(Kind.Tversion, new Fields().U32(32792).Text("9P2000"), 0xffff),
            .. Frame(Kind.Tattach, new Fields().U32(0).U32(NoFid).Text("root").Text("")),
            .. Frame(Kind.Twalk, new Fields().U32(0).U32(1).U16(3).Text("dir").Text("file").Text("data")),
            .. Frame(Kind.Topen, new Fields().U32(1).U8(0)),
            .. Frame(Kind.Tread, new Fields().U32(1).U64(0).U32(32768)),
        ];
        for (int length = 0; length < session.Length; length++)
        {
            using Wire wire = await Wire.ConnectAsync(_master.Host, _master.Port);
            await wire.SendRawAsync(session[..length]);
        }

        await ServesAsync();
    }

    public static TheoryData<string, int, byte[]> LaterFrames() => new()
    {
        { "read of an unknown fid", (int)Kind.Tread, new Fields().U32(77).U64(0).U32(10).ToArray() },
        { "open of an unknown fid", (int)Kind.Topen, new Fields().U32(77).U8(0).ToArray() },
        { "clunk of an unknown fid", (int)Kind.Tclunk, new Fields().U32(77).ToArray() },
        { "stat of NOFID", (int)Kind.Tstat, new Fields().U32(NoFid).ToArray() },
        { "walk from an unknown fid", (int)Kind.Twalk, new Fields().U32(77).U32(78).U16(0).ToArray() },
        { "walk to a fid in use", (int)Kind.Twalk, new Fields().U32(0).U32(5).U16(1).Text("dir").ToArray() },
        { "walk to NOFID", (int)Kind.Twalk, new Fields().U32(0).U32(NoFid).U16(1).Text("dir").ToArray() },
        { "walk to a name with a slash", (int)Kind.Twalk, new Fields().U32(0).U32(6).U16(1).Text("dir/file").ToArray() },
        { "walk to an absolute name", (int)Kind.Twalk, new Fields().U32(0).U32(6).U16(1).Text("/etc").ToArray() },
        { "walk to a name with NUL", (int)Kind.Twalk, new Fields().U32(0).U32(6).U16(1).Text("dir\0x").ToArray() },
        { "walk to an empty name", (int)Kind.Twalk, new Fields().U32(0).U32(6).U16(1).Text("").ToArray() },
        { "attach to a fid in use", (int)Kind.Tattach, new Fields().U32(0).U32(NoFid).Text("root").Text("").ToArray() },
        { "read of a fid that is not open", (int)Kind.Tread, new Fields().U32(5).U64(0).U32(10).ToArray() },
        { "write to data", (int)Kind.Twrite, new Fields().U32(5).U64(0).U32(1).U8(1).ToArray() },
    };

    [SkippableTheory]
    [MemberData(nameof(LaterFrames))]
    public async Task A_bad_request_gets_an_error_and_the_connection_goes_on(string what, int kind, byte[] body)
    {
        Mount mount = await MountAsync();
        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(
            () => mount.CallAsync((Kind)kind, new Fields().Add(body)));
        Assert.True(refused.Message.Length > 0, what);
        Assert.NotNull(await mount.WalkAsync("dir", "file", "data"));
    }

    public static TheoryData<string, byte[]> LyingFrames() => new()
    {
        { "a walk of 17 names", Frame(Kind.Twalk, Names(17)) },
        { "a walk that counts 65535 names and has one", Frame(Kind.Twalk, new Fields().U32(0).U32(6).U16(65535).Text("dir")) },
        { "a write that counts 4 GiB and has one byte", Frame(Kind.Twrite, new Fields().U32(5).U64(0).U32(0xffffffff).U8(1)) },
        { "a frame above msize", new Fields().U32(40_000_000).U8(118).U16(0).Add(new byte[1000]).ToArray() },
        { "a stat inside out", Frame(Kind.Twstat, new Fields().U32(5).U16(9).U16(500).Add(new byte[7])) },
    };

    [SkippableTheory]
    [MemberData(nameof(LyingFrames))]
    public async Task A_frame_whose_counts_lie_is_refused_or_closes_the_connection(string what, byte[] frame)
    {
        Mount mount = await MountAsync();
        Message? reply = await mount.RawAsync(frame);
        Assert.True(reply is null or { Kind: Kind.Rerror }, what);
        await ServesAsync();
    }

    [SkippableFact]
    public async Task Dots_lead_nowhere_out_of_the_tree()
    {
        Mount mount = await MountAsync();
        Assert.Null(await mount.WalkAsync("..", "secret"));
        Assert.Null(await mount.WalkAsync("dir", "..", "..", "..", "secret"));
        Assert.NotNull(await mount.WalkAsync("..", "..", "..", "dir", "file", "data"));
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Random_bytes_after_an_honest_beginning_hurt_nobody(int seed)
    {
        Prerequisite.Xget();
        var random = new Random(seed);
        for (int round = 0; round < 200; round++)
        {
            using Mount mount = await MountAsync(track: false);
            byte[] noise = new byte[random.Next(1, 3000)];
            random.NextBytes(noise);
            if (random.Next(2) == 0)
            {
                // A believable header, so that the noise gets past the first check.
                noise = Frame((Kind)random.Next(100, 128), new Fields().Add(noise));
            }

            try
            {
                await mount.SendOnlyAsync(noise);
            }
            catch (System.Net.Sockets.SocketException)
            {
                // Closed already: its right.
            }
        }

        await ServesAsync();
    }

    private static Fields Names(int count)
    {
        Fields walk = new Fields().U32(0).U32(6).U16(count);
        for (int i = 0; i < count; i++)
        {
            walk.Text(".");
        }

        return walk;
    }

    private static string Version(Message reply)
    {
        var fields = new Taker(reply.Body);
        fields.U32();
        return fields.Text();
    }

    private static byte[] Frame(Kind kind, Fields body, ushort tag = 0)
    {
        byte[] bytes = body.ToArray();
        return new Fields().U32((uint)(7 + bytes.Length)).U8((byte)kind).U16(tag).Add(bytes).ToArray();
    }

    // An honest mount whose fid 5 is the data file, not open.
    private async Task<Mount> MountAsync(bool track = true)
    {
        Prerequisite.Xget();
        Mount mount = await Mount.ConnectAsync(_master.Host, _master.Port, "9P2000");
        if (track)
        {
            for (int i = 1; i < 5; i++)
            {
                await mount.WalkAsync();
            }

            Assert.Equal(5u, await mount.WalkAsync("dir", "file", "data"));
        }

        return mount;
    }

    private async Task ServesAsync()
    {
        Assert.False(_master.Process.HasExited, _master.Process.Story);
        uint fid = await _honest.OpenAsync(0, "dir", "file", "data");
        Assert.Equal(
            File.ReadAllBytes(_scratch["tree/dir/file"])[..32768], (await _honest.ReadAsync(fid, 0, 32768)).ToArray());
        await _honest.ClunkAsync(fid);
    }
}
