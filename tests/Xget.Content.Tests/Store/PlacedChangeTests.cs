using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

/// <summary>A placed file that is no longer what it was gives an error, never other bytes.</summary>
public sealed class PlacedChangeTests : IDisposable
{
    private const int Size = 5 * Sample.ChunkSize;

    private readonly Scratch _scratch = new();
    private readonly Sample _sample = Sample.Random(Size);
    private readonly byte[] _other = Sample.Random(Size, seed: 2).Bytes;

    public static TheoryData<string, bool> Changes
    {
        get
        {
            TheoryData<string, bool> all = [];
            string[] changes =
            [
                "written", "written with its time set back", "truncated", "truncated to nothing", "appended to",
                "replaced", "replaced by its equal", "removed", "moved", "its directory moved",
                "a symlink to its equal", "a symlink in the middle", "a directory", "a fifo",
            ];
            foreach (string change in changes)
            {
                all.Add(change, false);
                all.Add(change, true);
            }
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_file_that_changed_gives_ESTALE(string change, bool whileOpen)
    {
        Directory.CreateDirectory(_scratch["dir"]);
        using PlacedContent content = _scratch.Reopen(_sample, await Placed.FileAsync(_scratch, "dir/file", _sample));
        if (whileOpen)
            Assert.Equal(_sample.Bytes[..100], Sample.Read(content, 0, 100));
        Change(change);
        // With the descriptor at hand, the directory above it does not matter: the bytes are still the right ones.
        if (whileOpen && change is "its directory moved" or "a symlink in the middle")
        {
            Assert.Equal(_sample.Bytes, Sample.ReadAll(content));
            return;
        }
        Assert.Equal(Errno.ESTALE, Placed.ErrorOf(content, 0, 100));
        Assert.Equal(Errno.ESTALE, Placed.ErrorOf(content, Size - 1, 1));
        Assert.Equal(0, Placed.Descriptors(_scratch));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_change_between_placing_and_reopening_that_shows_is_ESTALE(string change, bool whileOpen)
    {
        Directory.CreateDirectory(_scratch["dir"]);
        PackMember member = await Placed.FileAsync(_scratch, "dir/file", _sample);
        using PlacedContent? earlier = whileOpen ? _scratch.Reopen(_sample, member) : null;
        Change(change);
        Errno error = _scratch.Destination.Reopen(_sample.Table, [member], out PlacedContent? content);
        // Other bytes of the same length would be found by whoever verifies what he gets.
        Assert.Equal(change.StartsWith("written", StringComparison.Ordinal) || change.StartsWith("replaced", StringComparison.Ordinal)
            ? 0 : Errno.ESTALE, error);
        content?.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_changed_member_spoils_the_ranges_that_touch_it_and_no_others(bool whileOpen)
    {
        using PlacedContent content = _scratch.Reopen(_sample, Placed.Members(_scratch, _sample, Placed.Cut(Size, 3000)));
        if (whileOpen)
            Assert.Equal(_sample.Bytes, Placed.ReadAll(content));
        File.WriteAllBytes(_scratch["m3"], _other[..3000]); // bytes 9000 to 11999
        for (int offset = 0; offset < Size; offset += 500)
        {
            bool isTouched = offset + 1000 > 9000 && offset < 12_000;
            Assert.Equal(isTouched ? Errno.ESTALE : 0, Placed.ErrorOf(content, (ulong)offset, 1000));
        }
    }

    [Fact]
    public async Task A_range_that_was_taken_before_the_change_tells_when_its_bytes_are_taken()
    {
        using PlacedContent content = _scratch.Reopen(_sample, await Placed.FileAsync(_scratch, "file", _sample));
        using ContentRange range = content.Read(0, 100);
        Assert.Equal((Errno)0, range.Check());
        await File.WriteAllBytesAsync(_scratch["file"], _other);
        Assert.Equal(Errno.ESTALE, range.Check());
        Assert.Equal(Errno.ESTALE, range.CopyTo(new byte[100]));
    }

    [Fact]
    public async Task No_file_is_made_of_a_changed_one()
    {
        using PlacedContent content = _scratch.Reopen(_sample, await Placed.FileAsync(_scratch, "file", _sample));
        await File.WriteAllBytesAsync(_scratch["file"], _other);
        Assert.Equal(Errno.ESTALE, _scratch.Destination.PlaceRange(content, _sample.Whole, Scratch.At("copy"), Scratch.File()));
        Assert.False(File.Exists(_scratch["copy"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Further_names_that_its_source_has_change_nothing(bool whileOpen)
    {
        using PlacedContent content = _scratch.Reopen(_sample, await Placed.FileAsync(_scratch, "file", _sample, links: 3));
        if (whileOpen)
            Assert.Equal(_sample.Bytes, Sample.ReadAll(content));
        Assert.Equal((Errno)0, _scratch.Destination.PlaceHardLink(Scratch.At("second"), Scratch.At("file")));
        Assert.Equal((Errno)0, _scratch.Destination.PlaceHardLink(Scratch.At("third"), Scratch.At("file")));
        Assert.Equal(_sample.Bytes, Sample.ReadAll(content));
        await File.WriteAllBytesAsync(_scratch["third"], _other);
        Assert.Equal(Errno.ESTALE, Placed.ErrorOf(content, 0, 1));
    }

    [Fact]
    public async Task A_file_that_is_put_back_is_read_again()
    {
        using PlacedContent content = _scratch.Reopen(_sample, await Placed.FileAsync(_scratch, "file", _sample, links: 2));
        File.Move(_scratch["file"], _scratch["away"]);
        Assert.Equal(Errno.ESTALE, Placed.ErrorOf(content, 0, 1));
        File.Move(_scratch["away"], _scratch["file"]);
        Assert.Equal(_sample.Bytes, Sample.ReadAll(content));
    }

    public void Dispose() => _scratch.Dispose();

    private void Change(string change)
    {
        string path = _scratch["dir/file"], aside = _scratch["aside"], clock = _scratch["clock"];
        // Until the clock that inodes get their ctime from has moved on, a change may not show in it.
        do
            File.WriteAllText(clock, "");
        while (Scratch.Stat(clock, "%.9Z") == Scratch.Stat(path, "%.9Z"));
        switch (change)
        {
            case "written":
                File.WriteAllBytes(path, _other);
                break;
            case "written with its time set back":
                using (FileStream file = File.OpenWrite(path))
                    file.WriteByte((byte)~_sample.Bytes[0]);
                Scratch.Run("touch", "-d", "@1234567890.123456789", path); // as Scratch.File() has it, to the nanosecond
                break;
            case "truncated":
                Scratch.Run("truncate", "-s", "-1", path);
                break;
            case "truncated to nothing":
                Scratch.Run("truncate", "-s", "0", path);
                break;
            case "appended to":
                File.AppendAllText(path, "x");
                break;
            case "replaced":
                File.WriteAllBytes(aside, _other);
                Scratch.Run("mv", aside, path);
                break;
            case "replaced by its equal":
                Scratch.Run("cp", "-p", path, aside);
                Scratch.Run("mv", aside, path);
                break;
            case "removed":
                File.Delete(path);
                break;
            case "moved":
                File.Move(path, aside);
                break;
            case "its directory moved":
                Directory.Move(_scratch["dir"], aside);
                break;
            case "a symlink to its equal":
                File.Move(path, aside);
                File.CreateSymbolicLink(path, aside);
                break;
            case "a symlink in the middle":
                Directory.Move(_scratch["dir"], aside);
                Directory.CreateSymbolicLink(_scratch["dir"], aside);
                break;
            case "a directory":
                File.Delete(path);
                Directory.CreateDirectory(path);
                break;
            case "a fifo":
                File.Delete(path);
                Scratch.Run("mkfifo", path);
                break;
            default:
                throw new ArgumentException(change, nameof(change));
        }
    }
}
