using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

/// <summary>
/// Linux before 5.6 has no openat2: paths are then opened name by name. Nothing else may run meanwhile.
/// </summary>
[Collection(nameof(Alone))]
public sealed class OldKernelTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public OldKernelTests() => NativeStore.CanOpenBeneath = false;

    [Fact]
    public void Deep_paths_are_opened_name_by_name()
    {
        DestinationPath path = DestinationPath.Root;
        for (int depth = 0; depth < 30; depth++)
        {
            path = path.Child(FileName.Of(new string('n', 1 + depth * 8)));
            Assert.Equal((Errno)0, _scratch.Destination.EnsureDirectory(path));
        }
        Assert.Equal((Errno)0, _scratch.Destination.PlaceBytes("x"u8, path.Child(FileName.Of("f")), Scratch.File()));
        Assert.True(File.Exists(Path.Combine(_scratch.Root, path.ToString(), "f")));
        Assert.Equal((Errno)0, _scratch.Destination.FinishDirectory(DestinationPath.Root, Scratch.Directories()));
    }

    [Theory]
    [InlineData("link/new")]
    [InlineData("link/inner/new")]
    [InlineData("dir/link/new")]
    public void A_symlink_in_the_middle_is_refused(string path)
    {
        string elsewhere = Directory.CreateDirectory(Path.Combine(_scratch.Directory, "elsewhere/inner")).Parent!.FullName;
        Directory.CreateDirectory(_scratch["dir"]);
        File.CreateSymbolicLink(_scratch["link"], elsewhere);
        File.CreateSymbolicLink(_scratch["dir/link"], elsewhere);
        Assert.Equal(Errno.ENOTDIR, _scratch.Destination.PlaceBytes("x"u8, Scratch.At(path), Scratch.File()));
        Assert.Empty(Directory.GetFiles(elsewhere, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_placed_file_is_read_and_one_behind_a_symlink_is_not()
    {
        Directory.CreateDirectory(_scratch["dir/inner"]);
        Sample sample = Sample.Random(1000);
        PackMember member = new(Scratch.At("dir/inner/file"), sample.Whole, Scratch.File());
        Assert.Equal((Errno)0, _scratch.Destination.PlaceBytes(sample.Bytes, member.Path, member.Attributes));
        using PlacedContent content = _scratch.Reopen(sample, member);
        Directory.Move(_scratch["dir"], _scratch["moved"]);
        File.CreateSymbolicLink(_scratch["dir"], _scratch["moved"]);
        Assert.Equal(Errno.ESTALE, Placed.ErrorOf(content, 0, 1));
        File.Delete(_scratch["dir"]);
        Directory.Move(_scratch["moved"], _scratch["dir"]);
        Assert.Equal(sample.Bytes, Placed.ReadAll(content));
    }

    public void Dispose()
    {
        NativeStore.CanOpenBeneath = true;
        _scratch.Dispose();
    }

    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;
}
