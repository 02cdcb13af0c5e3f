using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content.Tests;

/// <summary>What holds for openat2 holds for walking name by name too.</summary>
public sealed class OpenBeneathTests : IDisposable
{
    private readonly SourceFolder _folder = new();
    private readonly SafeFileHandle _root;

    public OpenBeneathTests()
    {
        _folder.Write("sub/deep/file", [1, 2, 3]);
        File.CreateSymbolicLink(_folder["link"], "sub/deep/file");
        File.CreateSymbolicLink(_folder["sublink"], "sub");
        File.CreateSymbolicLink(_folder["out"], "/etc");
        Assert.Equal((Errno)0, FileCalls.Open([.. System.Text.Encoding.UTF8.GetBytes(_folder.Root), 0],
            Libc.PathOnly | Libc.Directory, out _root));
    }

    [Theory]
    [InlineData("sub/deep/file", (Errno)0)]
    [InlineData("missing", Errno.ENOENT)]
    [InlineData("sub/missing/file", Errno.ENOENT)]
    [InlineData("sub/deep/file/below", Errno.ENOTDIR)]
    [InlineData("link", Errno.ELOOP)]
    [InlineData("sublink/deep/file", Errno.ELOOP)]
    [InlineData("out/passwd", Errno.ELOOP)]
    [InlineData("../etc/passwd", Errno.EXDEV)]
    public void A_path_leads_nowhere_but_below_the_root(string path, Errno expected)
    {
        byte[] bytes = [.. System.Text.Encoding.UTF8.GetBytes(path), 0];
        var byOpenat2 = OpenBeneath.ByOpenat2(_root, bytes, Libc.ReadOnly, out var first);
        var byWalking = OpenBeneath.ByWalking(_root, bytes, Libc.ReadOnly, out var second);
        using (first)
        using (second)
        {
            Assert.Equal(expected, byWalking);
            Assert.True(byOpenat2 == expected || byOpenat2 == Errno.ENOSYS);
            if (expected == 0)
                Assert.Equal(3, RandomAccess.GetLength(second));
        }
    }

    [Fact]
    public void The_root_itself_opens_for_listing()
    {
        var error = OpenBeneath.ByWalking(_root, ".\0"u8, Libc.ReadOnly | Libc.Directory, out var directory);
        Assert.Equal((Errno)0, error);
        using (directory)
        {
            List<FileName> names = [];
            Assert.Equal((Errno)0, DirectoryNames.Read(directory, new byte[512], names));
            Assert.Equal(["link", "out", "sub", "sublink"], names.Order().Select(name => name.ToString()));
        }
    }

    [Fact]
    public void A_long_directory_is_listed_through_a_small_buffer()
    {
        for (var i = 0; i < 300; i++)
            _folder.Write($"many/{i:d3}-{new string('x', i % 200)}", []);
        Assert.Equal((Errno)0, OpenBeneath.Open(_root, "many\0"u8, Libc.ReadOnly | Libc.Directory, out var directory));
        using (directory)
        {
            List<FileName> names = [];
            Assert.Equal((Errno)0, DirectoryNames.Read(directory, new byte[512], names));
            Assert.Equal(Enumerable.Range(0, 300).Select(i => $"{i:d3}"), names.Order().Select(name => name.ToString()[..3]));
        }
    }

    public void Dispose()
    {
        _root.Dispose();
        _folder.Dispose();
    }
}
