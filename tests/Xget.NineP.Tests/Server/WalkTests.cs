using Mono.Unix.Native;

namespace Xget.NineP.Tests.Server;

/// <summary>Fids: what makes them and what frees them.</summary>
public sealed class WalkTests
{
    private static async Task<ServerRig> RigAsync()
    {
        ServerRig rig = await ServerRig.AttachedAsync();
        rig.Tree.Root.AddDirectory("a").AddDirectory("b").AddFile("f", "deep");
        return rig;
    }

    private static int QidsIn(byte[] rwalk) => Wire.U16(rwalk, 7);

    [Fact]
    public async Task A_walk_without_names_clones_the_fid()
    {
        await using ServerRig rig = await RigAsync();
        byte[] reply = await rig.ExpectAsync(Frames.Walk(1, 0, 1), MessageType.Rwalk);
        Assert.Equal(0, QidsIn(reply));
        await rig.ExpectAsync(Frames.GetAttributes(1, 1), MessageType.Rgetattr);
        await rig.ExpectAsync(Frames.GetAttributes(1, 0), MessageType.Rgetattr);
    }

    [Fact]
    public async Task A_walk_gives_a_qid_for_each_name()
    {
        await using ServerRig rig = await RigAsync();
        byte[] reply = await rig.ExpectAsync(Frames.Walk(1, 0, 1, "a", "b", "f"), MessageType.Rwalk);
        Assert.Equal(3, QidsIn(reply));
        Assert.Equal((byte)QidType.Directory, reply[9]);
        Assert.Equal((byte)QidType.File, reply[9 + 26]);
    }

    [Fact]
    public async Task A_walk_that_fails_at_its_first_name_is_an_error()
    {
        await using ServerRig rig = await RigAsync();
        await rig.ExpectErrorAsync(Frames.Walk(1, 0, 1, "nope", "b"), Errno.ENOENT);
        await rig.ExpectErrorAsync(Frames.Clunk(1, 1), Errno.EBADF);
    }

    [Fact]
    public async Task A_walk_that_fails_at_a_later_name_creates_no_fid()
    {
        await using ServerRig rig = await RigAsync();
        byte[] reply = await rig.ExpectAsync(Frames.Walk(1, 0, 1, "a", "b", "nope"), MessageType.Rwalk);
        Assert.Equal(2, QidsIn(reply));
        await rig.ExpectErrorAsync(Frames.Clunk(1, 1), Errno.EBADF);
    }

    [Fact]
    public async Task A_walk_onto_its_own_fid_moves_it_only_when_all_names_are_found()
    {
        await using ServerRig rig = await RigAsync();
        await rig.ExpectAsync(Frames.Walk(1, 0, 1, "a"), MessageType.Rwalk);
        await rig.ExpectAsync(Frames.Walk(1, 1, 1, "b", "nope"), MessageType.Rwalk);
        await rig.ExpectAsync(Frames.Walk(1, 1, 2, "b", "f"), MessageType.Rwalk);
        byte[] moved = await rig.ExpectAsync(Frames.Walk(1, 1, 1, "b"), MessageType.Rwalk);
        Assert.Equal(1, QidsIn(moved));
        await rig.ExpectAsync(Frames.Walk(1, 1, 3, "f"), MessageType.Rwalk);
    }

    [Fact]
    public async Task Dots_walk_up_and_stay_and_the_root_is_its_own_parent()
    {
        await using ServerRig rig = await RigAsync();
        byte[] reply = await rig.ExpectAsync(
            Frames.Walk(1, 0, 1, "..", ".", "a", "b", "..", ".", "..", "..", "..", "a"), MessageType.Rwalk);
        Assert.Equal(10, QidsIn(reply));
        byte[] a = await rig.ExpectAsync(Frames.Walk(1, 0, 2, "a"), MessageType.Rwalk);
        Assert.Equal(a.AsSpan(9), reply.AsSpan(9 + 9 * Qid.Size));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("a/b")]
    [InlineData("../etc")]
    [InlineData("a\0")]
    public async Task A_name_that_no_file_can_have_is_not_found(string name)
    {
        await using ServerRig rig = await RigAsync();
        await rig.ExpectErrorAsync(Frames.Walk(1, 0, 1, name), Errno.ENOENT);
    }

    [Fact]
    public async Task Nothing_lies_below_a_file_not_even_dots()
    {
        await using ServerRig rig = await RigAsync();
        await rig.ExpectAsync(Frames.Walk(1, 0, 1, "hello"), MessageType.Rwalk);
        await rig.ExpectErrorAsync(Frames.Walk(1, 1, 2, "x"), Errno.ENOTDIR);
        await rig.ExpectErrorAsync(Frames.Walk(1, 1, 2, ".."), Errno.ENOTDIR);
    }

    [Fact]
    public async Task Sixteen_names_walk_and_seventeen_do_not()
    {
        await using ServerRig rig = await RigAsync();
        byte[] reply = await rig.ExpectAsync(
            Frames.Walk(1, 0, 1, [.. Enumerable.Repeat(".", 16)]), MessageType.Rwalk);
        Assert.Equal(16, QidsIn(reply));
        await rig.ExpectErrorAsync(Frames.Walk(1, 0, 2, [.. Enumerable.Repeat(".", 17)]), Errno.EINVAL);
    }

    [Fact]
    public async Task Unknown_used_and_forbidden_fids_are_refused()
    {
        await using ServerRig rig = await RigAsync();
        await rig.ExpectErrorAsync(Frames.Walk(1, 9, 1, "a"), Errno.EBADF);
        await rig.ExpectErrorAsync(Frames.Walk(1, 0, NinePLimits.NoFid, "a"), Errno.EBADF);
        await rig.ExpectAsync(Frames.Walk(1, 0, 1, "a"), MessageType.Rwalk);
        await rig.ExpectErrorAsync(Frames.Walk(1, 0, 1, "a"), Errno.EINVAL);
        foreach (MessageType type in (MessageType[])
            [MessageType.Tclunk, MessageType.Tremove, MessageType.Tstatfs, MessageType.Treadlink])
        {
            await rig.ExpectErrorAsync(Frames.Fid(type, 1, 9), Errno.EBADF);
        }

        await rig.ExpectErrorAsync(Frames.GetAttributes(1, 9), Errno.EBADF);
        await rig.ExpectErrorAsync(Frames.LOpen(1, 9), Errno.EBADF);
        await rig.ExpectErrorAsync(Frames.Read(1, 9, 0, 1), Errno.EBADF);
        await rig.ExpectErrorAsync(Frames.Write(1, 9, 0, [1]), Errno.EBADF);
        await rig.ExpectErrorAsync(Frames.ReadDir(1, 9, 0, 1), Errno.EBADF);
        await rig.ExpectErrorAsync(Frames.XattrWalk(1, 9, 10, ""), Errno.EBADF);
    }

    [Fact]
    public async Task More_fids_than_allowed_are_refused()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(options: new ServerOptions { Limits = new() { MaxFids = 3 } });
        await rig.ExpectAsync(Frames.Walk(1, 0, 1), MessageType.Rwalk);
        await rig.ExpectAsync(Frames.Walk(1, 0, 2), MessageType.Rwalk);
        await rig.ExpectErrorAsync(Frames.Walk(1, 0, 3), Errno.EMFILE);
        await rig.ExpectErrorAsync(Frames.XattrWalk(1, 0, 3, ""), Errno.EMFILE);
        await rig.ExpectErrorAsync(Frames.Attach(1, 3), Errno.EMFILE);
        await rig.ExpectAsync(Frames.Clunk(1, 2), MessageType.Rclunk);
        await rig.ExpectAsync(Frames.Walk(1, 0, 3), MessageType.Rwalk);
    }

    [Fact]
    public async Task A_clunk_frees_the_fid_and_disposes_its_open_file()
    {
        await using ServerRig rig = await RigAsync();
        await rig.OpenAsync(1, "hello");
        Assert.Equal(1, rig.Tree.Open);
        await rig.ExpectAsync(Frames.Clunk(1, 1), MessageType.Rclunk);
        Assert.Equal(0, rig.Tree.Open);
        await rig.ExpectErrorAsync(Frames.Clunk(1, 1), Errno.EBADF);
    }

    [Fact]
    public async Task A_refused_remove_is_a_clunk_too()
    {
        await using ServerRig rig = await RigAsync();
        await rig.OpenAsync(1, "hello");
        await rig.ExpectErrorAsync(Frames.Fid(MessageType.Tremove, 1, 1), Errno.EROFS);
        Assert.Equal(0, rig.Tree.Open);
        await rig.ExpectErrorAsync(Frames.Clunk(1, 1), Errno.EBADF);
    }

    [Fact]
    public async Task An_open_fid_can_be_cloned_but_not_moved()
    {
        await using ServerRig rig = await RigAsync();
        await rig.OpenAsync(1, "a");
        await rig.ExpectAsync(Frames.Walk(1, 1, 2), MessageType.Rwalk);
        await rig.ExpectErrorAsync(Frames.Read(1, 2, 0, 1), Errno.EBADF);
        await rig.ExpectErrorAsync(Frames.Walk(1, 1, 1, "b"), Errno.EINVAL);
    }
}
