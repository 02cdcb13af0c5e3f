using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content.Tests.Linux;

/// <summary>Logs and the like are written into no file that another user may have put there.</summary>
public sealed class OwnFileTests : IDisposable
{
    private readonly Tests.Store.Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    private static string? Open(string path)
    {
        string? reason = OwnFile.OpenToAppend(path, out SafeFileHandle file);
        Assert.Equal(reason is null, !file.IsClosed && !file.IsInvalid);
        file.Dispose();
        return reason;
    }

    [Fact]
    public void A_new_file_is_made_for_user_and_group_and_one_that_is_there_is_kept()
    {
        Assert.Null(Open(_scratch["log"]));
        Assert.Equal("640", Tests.Store.Scratch.Stat(_scratch["log"], "%a"));
        File.WriteAllText(_scratch["log"], "before\n");
        Assert.Null(Open(_scratch["log"]));
        Assert.Equal("before\n", File.ReadAllText(_scratch["log"]));
    }

    [Fact]
    public void A_link_is_not_followed_wherever_it_leads()
    {
        File.CreateSymbolicLink(_scratch["dangling"], _scratch["target"]);
        Assert.Equal("is a symbolic link, which is not followed here", Open(_scratch["dangling"]));
        Assert.False(File.Exists(_scratch["target"]));
        File.WriteAllText(_scratch["there"], "");
        File.CreateSymbolicLink(_scratch["link"], _scratch["there"]);
        Assert.Equal("is a symbolic link, which is not followed here", Open(_scratch["link"]));
    }

    [Fact]
    public void A_second_name_of_a_file_is_refused()
    {
        File.WriteAllText(_scratch["shadow"], "secret");
        Assert.Equal(0, Syscall.link(_scratch["shadow"], _scratch["log"]));
        Assert.StartsWith("has a second name", Open(_scratch["log"]), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_file_is_refused_at_once()
    {
        Assert.Equal(0, Syscall.mkfifo(_scratch["fifo"], FilePermissions.DEFFILEMODE));
        Assert.Equal("is not a regular file", Open(_scratch["fifo"]));
        Directory.CreateDirectory(_scratch["dir"]);
        Assert.Equal("is a directory", Open(_scratch["dir"]));
        Assert.Null(Open("/dev/null")); // a device, which only root makes
        Assert.Equal("no such file or directory", Open(_scratch["no/log"]));
    }

    [SkippableFact]
    public void Another_user_s_file_is_refused()
    {
        Prerequisite.Root();
        File.WriteAllText(_scratch["log"], "");
        Assert.Equal(0, Syscall.chown(_scratch["log"], 65534, 65534));
        Assert.Equal("belongs to another user", Open(_scratch["log"]));
    }
}
