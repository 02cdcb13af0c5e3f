using System.Runtime.InteropServices;
using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

/// <summary>
/// The store used by a user who is not root: what only root may do is left out, everything else kept.
/// </summary>
public sealed partial class UnprivilegedTests : IDisposable
{
    private const int User = 12345;

    private readonly Scratch _scratch = new();

    public UnprivilegedTests()
    {
        if (Syscall.geteuid() != 0)
            return;
        Scratch.Run("chown", "-R", $"{User}", _scratch.Directory);
        Scratch.Run("chmod", "755", _scratch.Directory);
    }

    [SkippableFact]
    public void Owner_and_privileged_attributes_are_left_out_and_the_rest_is_kept()
    {
        EntryAttributes attributes = Scratch.File(0xFED) with
        {
            Uid = 0,
            Gid = 0,
            Xattrs =
            [
                new Xattr("security.capability"u8.ToArray(), new byte[20]),
                new Xattr("trusted.x"u8.ToArray(), [1]),
                new Xattr("user.x"u8.ToArray(), [2]),
            ],
        };
        AsUser(destination =>
        {
            Assert.Equal((Errno)0, destination.PlaceBytes("x"u8, Scratch.At("f"), attributes));
            Assert.Equal((Errno)0, destination.PlaceSymlink(Scratch.At("l"), attributes with { Type = EntryType.Symlink, SymlinkTarget = [65], Xattrs = [] }));
            Assert.Equal((Errno)0, destination.PlaceNode(Scratch.At("fifo"), attributes with { Type = EntryType.Fifo, Mode = 0x1B6, Xattrs = [] }));
            Assert.Equal((Errno)0, destination.EnsureDirectory(Scratch.At("dir")));
            Assert.Equal((Errno)0, destination.FinishDirectory(Scratch.At("dir"), attributes with { Type = EntryType.Directory, Mode = 0x16D }));
            Assert.Equal((0, 0), (destination.OwnersLost, destination.XattrsLost));
        });
        // The group is the thread's own, root's here, so only setuid goes.
        Assert.Equal($"{User} 3755 1234567890", Scratch.Stat(_scratch["f"], "%u %a %Y"));
        Assert.Equal([2], Scratch.Xattr(_scratch["f"], "user.x"));
        Assert.Null(Scratch.Xattr(_scratch["f"], "trusted.x"));
        Assert.Equal($"{User} 1234567890", Scratch.Stat(_scratch["l"], "%u %Y"));
        Assert.Equal("fifo 666", Scratch.Stat(_scratch["fifo"], "%F %a"));
        Assert.Equal($"{User} 555", Scratch.Stat(_scratch["dir"], "%u %a"));
        Assert.Equal([2], Scratch.Xattr(_scratch["dir"], "user.x"));
    }

    [SkippableFact]
    public void A_read_only_files_attributes_can_be_changed_and_it_stays_read_only()
        => AsUser(destination =>
        {
            for (byte value = 0; value < 2; value++)
            {
                EntryAttributes attributes = Scratch.File(0x124) with { Xattrs = [new Xattr("user.x"u8.ToArray(), [value])] };
                Assert.Equal((Errno)0, destination.PlaceBytes("x"u8, Scratch.At("f"), attributes));
                Assert.Equal(new[] { value }, Scratch.Xattr(_scratch["f"], "user.x"));
                Assert.Equal("444", Scratch.Stat(_scratch["f"], "%a"));
            }
            Assert.Equal(0, destination.XattrsLost);
        });

    [SkippableFact]
    public void Devices_are_reported_as_not_permitted()
        => AsUser(destination =>
        {
            EntryAttributes device = Scratch.File() with { Type = EntryType.Character, RdevMajor = 1, RdevMinor = 3 };
            Assert.Equal(Errno.EPERM, destination.PlaceNode(Scratch.At("null"), device));
        });

    [SkippableFact]
    public void A_read_only_directory_of_an_earlier_copy_is_opened_and_closed_again()
        => AsUser(destination =>
        {
            for (int run = 0; run < 2; run++)
            {
                Assert.Equal((Errno)0, destination.EnsureDirectory(Scratch.At("dir")));
                Assert.Equal((Errno)0, destination.PlaceBytes([(byte)run], Scratch.At("dir/f"), Scratch.File(0x124)));
                Assert.Equal((Errno)0, destination.FinishDirectory(Scratch.At("dir"), Scratch.Directories(0x16D)));
                Assert.Equal("555 444", Scratch.Stat(_scratch["dir"], "%a ") + Scratch.Stat(_scratch["dir/f"], "%a"));
            }
        });

    [SkippableFact]
    public void A_file_that_its_owner_may_not_read_is_not_reopened()
        => AsUser(destination =>
        {
            Sample sample = Sample.Random(100);
            PackMember member = new(Scratch.At("f"), sample.Whole, Scratch.File(0));
            Assert.Equal((Errno)0, destination.PlaceBytes(sample.Bytes, member.Path, member.Attributes));
            Assert.Equal(Errno.EACCES, destination.Reopen(sample.Table, [member], out PlacedContent? content));
            Assert.Null(content);
        });

    [SkippableFact]
    public void A_partial_directory_of_another_user_is_refused()
    {
        Directory.CreateDirectory(_scratch.PartialPath);
        AsUser(destination => Assert.Equal(Errno.EPERM, destination.PlaceBytes("x"u8, Scratch.At("f"), Scratch.File())));
    }

    public void Dispose() => _scratch.Dispose();

    /// <summary>
    /// On a thread whose user id alone is changed, which the C library's own setresuid would do to all threads.
    /// </summary>
    private void AsUser(Action<Destination> action)
    {
        Prerequisite.Root();
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                nint number = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 117 : 147;
                Assert.Equal(0, SetUserIds(number, -1, User, -1));
                using Destination destination = _scratch.Open();
                action(destination);
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SetUserIds(nint number, nint real, nint effective, nint saved);
}
