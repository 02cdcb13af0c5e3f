using System.Globalization;
using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

/// <summary>Contents that have been placed into a destination, and what to look at them with.</summary>
internal static class Placed
{
    /// <summary>A content in a file of its own, whose partial content is disposed.</summary>
    public static async Task<PackMember> FileAsync(Scratch scratch, string path, Sample sample, uint links = 1)
    {
        PackMember member = new(Scratch.At(path), sample.Whole, Scratch.File() with { LinkCount = links });
        using FileContent content = await sample.StoreIn(scratch.Destination);
        Assert.Equal((Errno)0, scratch.Destination.PlaceFile(content, member.Path, member.Attributes));
        return member;
    }

    /// <summary>Files of a pack, one for each range, named m0, m1 and so on.</summary>
    public static List<PackMember> Members(Scratch scratch, Sample pack, params (int Offset, int Length)[] ranges)
    {
        List<PackMember> members = [];
        foreach ((int offset, int length) in ranges)
        {
            string name = "m" + members.Count.ToString(CultureInfo.InvariantCulture);
            PackMember member = new(Scratch.At(name), pack.Range(offset, length), Scratch.File());
            Assert.Equal((Errno)0, scratch.Destination.PlaceBytes(
                pack.Bytes.AsSpan(offset, length), member.Path, member.Attributes));
            members.Add(member);
        }
        return members;
    }

    /// <summary>Ranges of equal length that follow each other up to <paramref name="size"/>.</summary>
    public static (int Offset, int Length)[] Cut(int size, int length)
        => [.. Enumerable.Range(0, (size + length - 1) / length).Select(i => (i * length, Math.Min(length, size - i * length)))];

    public static PlacedContent Reopen(this Scratch scratch, Sample sample, params IReadOnlyList<PackMember> members)
    {
        Assert.Equal((Errno)0, scratch.Destination.Reopen(sample.Table, members, out PlacedContent? content));
        return content!;
    }

    /// <summary>All bytes, by as many reads as it takes.</summary>
    public static byte[] ReadAll(StoredContent content)
    {
        byte[] bytes = new byte[content.Table.Size];
        Assert.Equal((Errno)0, content.ReadInto(0, bytes));
        return bytes;
    }

    /// <summary>The error of a read, which holds nothing afterwards.</summary>
    public static Errno ErrorOf(StoredContent content, ulong offset, int count)
    {
        using ContentRange range = content.Read(offset, count);
        return range.Error;
    }

    /// <summary>How many of this process's descriptors are files of the destination.</summary>
    public static int Descriptors(Scratch scratch)
        => OpenPaths().Count(path => path.StartsWith(scratch.Root + "/", StringComparison.Ordinal) && path != scratch.PartialPath);

    /// <summary>What this process's descriptors stand for, as the kernel tells it.</summary>
    public static IEnumerable<string> OpenPaths()
        => Directory.GetFileSystemEntries("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget ?? "");
}
