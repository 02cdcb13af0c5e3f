using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

public sealed class FullDiskTests
{
    [SkippableFact]
    public async Task A_full_disk_is_an_error_that_loses_nothing()
    {
        Prerequisite.Root();
        using SmallDisk disk = new();
        Assert.Equal((Errno)0, Destination.Open(disk.Path, new DestinationOptions(), out Destination? opened));
        using Destination destination = opened!;
        Sample sample = Sample.Random(2 << 20, chunkSize: 65536); // on a disk of 1 MiB
        int written = 0;
        using (FileContent content = await sample.OpenIn(destination))
        {
            while (content.Write(written, sample.Chunk(written)) == 0)
                written++;
            Assert.InRange(written, 1, 16);
            Assert.Equal(Errno.ENOSPC, content.Write(written, sample.Chunk(written)));
            Assert.False(content.Map[written]);
            Assert.Equal(written, content.Map.SetCount);
            Assert.Equal(sample.Bytes[..(written * 65536)], Sample.Read(content, 0, written * 65536));
            Assert.Equal(Errno.ENOSPC, destination.PlaceBytes(sample.Bytes.AsSpan(0, 70000), Scratch.At("small"), Scratch.File()));
            Assert.Equal([".xget-partial"], Directory.GetFileSystemEntries(disk.Path).Select(Path.GetFileName));
            Assert.Single(Directory.GetFileSystemEntries(Path.Combine(disk.Path, ".xget-partial")));
        }

        disk.Grow();
        using FileContent resumed = await sample.OpenIn(destination);
        Assert.Equal(written, resumed.Map.NextMissing(0));
        sample.WriteAllTo(resumed);
        Assert.Equal((Errno)0, destination.PlaceFile(resumed, Scratch.At("file"), Scratch.File()));
        Assert.Equal(sample.Bytes, await File.ReadAllBytesAsync(Path.Combine(disk.Path, "file")));
    }

    /// <summary>A tmpfs of 1 MiB, then of 4.</summary>
    private sealed class SmallDisk : IDisposable
    {
        public SmallDisk() => Scratch.Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", Path);

        public string Path { get; } = Directory.CreateTempSubdirectory("xget-full-").FullName;

        public void Grow() => Scratch.Run("mount", "-o", "remount,size=4m", Path);

        public void Dispose()
        {
            Scratch.Run("umount", "-l", Path);
            Directory.Delete(Path);
        }
    }
}
