using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

public sealed class PartialStoreTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly Sample _sample = Sample.Random(20 * Sample.ChunkSize + 99);

    private string FilePath => Path.Combine(_scratch.PartialPath, _sample.Table.Content.ToString());

    [Fact]
    public async Task An_interrupted_copy_resumes_from_its_chunks()
    {
        using (FileContent first = await _sample.OpenIn(_scratch.Destination))
        {
            foreach (int chunk in new[] { 3, 7, 20 })
                first.Write(chunk, _sample.Chunk(chunk));
        }
        using Destination again = _scratch.Open();
        using FileContent content = await _sample.OpenIn(again);
        Assert.Equal([3, 7, 20], Enumerable.Range(0, 21).Where(i => content.Map[i]));
    }

    [Theory]
    [InlineData(4, 1)] // one byte of one chunk
    [InlineData(0, 21)] // every chunk
    public async Task Damaged_chunks_are_found_and_written_anew(int from, int count)
    {
        (await _sample.StoreIn(_scratch.Destination)).Dispose();
        using (FileStream file = File.OpenWrite(FilePath))
        {
            for (int chunk = from; chunk < from + count; chunk++)
            {
                file.Position = chunk * Sample.ChunkSize + 5;
                file.WriteByte(0);
            }
        }
        using FileContent content = await _sample.OpenIn(_scratch.Destination);
        Assert.Equal(Enumerable.Range(from, count), Enumerable.Range(0, 21).Where(i => !content.Map[i]));
        _sample.WriteAllTo(content);
        content.Dispose(); // the framework honours the lock
        Assert.Equal(_sample.Bytes, await File.ReadAllBytesAsync(FilePath));
    }

    [Fact]
    public async Task A_truncated_file_keeps_its_whole_chunks()
    {
        (await _sample.StoreIn(_scratch.Destination)).Dispose();
        using (FileStream file = File.OpenWrite(FilePath))
            file.SetLength(5 * Sample.ChunkSize + 1);
        using FileContent content = await _sample.OpenIn(_scratch.Destination);
        Assert.Equal([0, 1, 2, 3, 4], Enumerable.Range(0, 21).Where(i => content.Map[i]));
        _sample.WriteAllTo(content);
        content.Dispose(); // the framework honours the lock
        Assert.Equal(_sample.Bytes, await File.ReadAllBytesAsync(FilePath));
    }

    [Fact]
    public async Task An_extended_file_is_cut()
    {
        (await _sample.StoreIn(_scratch.Destination)).Dispose();
        await File.AppendAllTextAsync(FilePath, "and more");
        using FileContent content = await _sample.OpenIn(_scratch.Destination);
        Assert.True(content.Map.IsComplete);
        content.Dispose();
        Assert.Equal(_sample.Bytes, await File.ReadAllBytesAsync(FilePath));
    }

    [Fact]
    public async Task What_lies_where_zeros_belong_does_not_survive()
    {
        byte[] bytes = Sample.Random(4 * Sample.ChunkSize).Bytes;
        bytes.AsSpan(0, 2 * Sample.ChunkSize).Clear(); // chunks 0 and 1
        bytes.AsSpan(2 * Sample.ChunkSize, 4096).Clear(); // half of chunk 2
        Sample sample = Sample.Of(bytes);
        Directory.CreateDirectory(_scratch.PartialPath);
        string path = Path.Combine(_scratch.PartialPath, sample.Table.Content.ToString());
        await File.WriteAllBytesAsync(path, Sample.Random(bytes.Length, seed: 9).Bytes);

        using FileContent content = await sample.OpenIn(_scratch.Destination);
        Assert.Equal(0, content.Map.SetCount);
        sample.WriteAllTo(content);
        content.Dispose();
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path));
        Assert.Equal(3 * 4096 / 512, int.Parse(Scratch.Stat(path, "%b"), System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Random_damage_is_always_found()
    {
        Random random = new(11);
        for (int round = 0; round < 30; round++)
        {
            (await _sample.StoreIn(_scratch.Destination)).Dispose();
            byte[] bytes = await File.ReadAllBytesAsync(FilePath);
            for (int hit = random.Next(4); hit >= 0; hit--)
            {
                int at = random.Next(bytes.Length);
                bytes.AsSpan(at, Math.Min(random.Next(1, 20000), bytes.Length - at)).Fill((byte)random.Next(256));
            }
            int length = random.Next(3) == 0 ? random.Next(bytes.Length) : bytes.Length;
            await File.WriteAllBytesAsync(FilePath, bytes[..length]);

            using FileContent content = await _sample.OpenIn(_scratch.Destination);
            for (int i = 0; i < _sample.Table.Count; i++)
            {
                int end = (int)_sample.Table.OffsetOf(i) + _sample.Table.LengthOf(i);
                bool isRight = end <= length && _sample.Chunk(i).SequenceEqual(bytes.AsSpan((int)_sample.Table.OffsetOf(i), _sample.Table.LengthOf(i)));
                Assert.Equal(isRight, content.Map[i]);
            }
        }
    }

    [Fact]
    public async Task A_content_that_another_copy_has_open_is_busy()
    {
        using FileContent content = await _sample.OpenIn(_scratch.Destination);
        using Destination second = _scratch.Open();
        Assert.Equal(Errno.EBUSY, (await second.Partial.OpenAsync(_sample.Table, default)).Error);
        Assert.Equal(Errno.EBUSY, (await _scratch.Destination.Partial.OpenAsync(_sample.Table, default)).Error);

        Sample other = Sample.Random(100, seed: 2);
        using FileContent free = await other.OpenIn(second);
        content.Dispose();
        using FileContent taken = await _sample.OpenIn(second);
    }

    [Fact]
    public async Task A_placed_content_can_be_fetched_again_by_another_copy()
    {
        using FileContent content = await _sample.StoreIn(_scratch.Destination);
        Assert.Equal((Errno)0, _scratch.Destination.PlaceFile(content, Scratch.At("f"), Scratch.File()));
        using Destination second = _scratch.Open();
        using FileContent again = await _sample.OpenIn(second);
        Assert.Equal(0, again.Map.SetCount);
    }

    [Fact]
    public async Task A_removed_content_can_be_read_until_it_is_disposed()
    {
        using FileContent content = await _sample.StoreIn(_scratch.Destination);
        Assert.Equal((Errno)0, _scratch.Destination.Partial.Remove(content));
        Assert.Equal((Errno)0, _scratch.Destination.Partial.Remove(content));
        Assert.False(File.Exists(FilePath));
        Assert.Equal(_sample.Bytes, Sample.ReadAll(content));
    }

    [Fact]
    public async Task The_directory_comes_when_needed_goes_when_empty_and_stays_otherwise()
    {
        Assert.False(Directory.Exists(_scratch.PartialPath));
        FileContent content = await _sample.OpenIn(_scratch.Destination);
        _scratch.Destination.Partial.Dispose();
        Assert.True(Directory.Exists(_scratch.PartialPath));
        _scratch.Destination.Partial.Remove(content);
        content.Dispose();
        _scratch.Destination.Partial.Dispose();
        Assert.False(Directory.Exists(_scratch.PartialPath));
        using FileContent again = await _sample.OpenIn(_scratch.Destination);
        Assert.True(Directory.Exists(_scratch.PartialPath));
    }

    [Fact]
    public async Task The_directory_stays_while_another_copy_uses_it()
    {
        using Destination second = _scratch.Open();
        FileContent other = await _sample.OpenIn(second);
        second.Partial.Remove(other);
        using FileContent mine = await Sample.Random(5).OpenIn(_scratch.Destination);
        _scratch.Destination.Partial.Remove(mine);
        _scratch.Destination.Partial.Dispose();
        Assert.True(Directory.Exists(_scratch.PartialPath));
        other.Dispose();
        second.Partial.Dispose();
        Assert.False(Directory.Exists(_scratch.PartialPath));
    }

    [Fact]
    public async Task Temporary_files_of_a_killed_run_are_removed_by_the_next_that_is_alone()
    {
        Directory.CreateDirectory(_scratch.PartialPath);
        string left = Path.Combine(_scratch.PartialPath, "tmp-1-1");
        await File.WriteAllTextAsync(left, "left over");
        using FileContent content = await _sample.OpenIn(_scratch.Destination);
        Assert.False(File.Exists(left));

        await File.WriteAllTextAsync(left, "in use by the first");
        using Destination second = _scratch.Open();
        using FileContent other = await Sample.Random(5).OpenIn(second);
        Assert.True(File.Exists(left));
    }

    [Fact]
    public async Task Abandoned_contents_are_removed_on_request_and_those_in_use_are_not()
    {
        (await Sample.Random(5).StoreIn(_scratch.Destination)).Dispose();
        using FileContent content = await _sample.OpenIn(_scratch.Destination);
        _scratch.Destination.Partial.RemoveAbandoned();
        Assert.Equal([FilePath], Directory.GetFiles(_scratch.PartialPath));
    }

    [Fact]
    public void Removing_what_is_abandoned_makes_no_directory_for_it()
    {
        string before = Scratch.Stat(_scratch.Root, "%y");
        _scratch.Destination.Partial.RemoveAbandoned();
        _scratch.Destination.Partial.Dispose();
        Assert.Equal(before, Scratch.Stat(_scratch.Root, "%y"));
    }

    [Fact]
    public async Task Removing_a_content_leaves_a_foreign_file_under_its_name_alone()
    {
        using FileContent content = await _sample.StoreIn(_scratch.Destination);
        File.Delete(FilePath);
        await File.WriteAllTextAsync(FilePath, "foreign");
        Assert.Equal((Errno)0, _scratch.Destination.Partial.Remove(content));
        Assert.True(File.Exists(FilePath));
    }

    [Fact]
    public async Task A_symlink_in_the_files_place_is_replaced_and_not_followed()
    {
        string victim = Path.Combine(_scratch.Directory, "victim");
        await File.WriteAllTextAsync(victim, "untouched");
        Directory.CreateDirectory(_scratch.PartialPath);
        File.CreateSymbolicLink(FilePath, victim);
        using FileContent content = await _sample.StoreIn(_scratch.Destination);
        Assert.Equal("untouched", await File.ReadAllTextAsync(victim));
        Assert.Equal("regular file", Scratch.Stat(FilePath, "%F"));
    }

    [Fact]
    public async Task A_file_with_another_name_elsewhere_is_not_written_into()
    {
        string victim = Path.Combine(_scratch.Directory, "victim");
        await File.WriteAllTextAsync(victim, "untouched");
        Directory.CreateDirectory(_scratch.PartialPath);
        Scratch.Run("ln", victim, FilePath);
        using FileContent content = await _sample.StoreIn(_scratch.Destination);
        Assert.Equal("untouched", await File.ReadAllTextAsync(victim));
    }

    [Fact]
    public async Task A_symlink_in_the_directorys_place_is_replaced_and_not_followed()
    {
        string elsewhere = Directory.CreateDirectory(Path.Combine(_scratch.Directory, "elsewhere")).FullName;
        Directory.CreateSymbolicLink(_scratch.PartialPath, elsewhere);
        using FileContent content = await _sample.StoreIn(_scratch.Destination);
        Assert.Empty(Directory.GetFileSystemEntries(elsewhere));
    }

    [SkippableFact]
    public async Task Root_does_not_trust_files_in_a_directory_of_another_user()
    {
        Prerequisite.Root();
        Directory.CreateDirectory(_scratch.PartialPath);
        await File.WriteAllBytesAsync(FilePath, _sample.Bytes);
        Scratch.Run("chown", "-R", "12345", _scratch.PartialPath);
        using FileContent content = await _sample.OpenIn(_scratch.Destination);
        Assert.Equal(0, content.Map.SetCount);
        Assert.Equal("0 700", Scratch.Stat(_scratch.PartialPath, "%u %a"));
    }

    [Fact]
    public async Task A_cancelled_verification_leaves_the_content_free()
    {
        (await _sample.StoreIn(_scratch.Destination)).Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _scratch.Destination.Partial.OpenAsync(_sample.Table, new CancellationToken(canceled: true)));
        using FileContent content = await _sample.OpenIn(_scratch.Destination);
        Assert.True(content.Map.IsComplete);
    }

    public void Dispose() => _scratch.Dispose();
}
