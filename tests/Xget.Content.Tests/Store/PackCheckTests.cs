using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

public sealed class PackCheckTests : IDisposable
{
    private const int Members = 12, MemberSize = 3000;

    private readonly Scratch _scratch = new();
    private readonly Sample _pack = Sample.Random(Members * MemberSize, chunkSize: 4096);
    private readonly List<PackMember> _members = [];

    public PackCheckTests()
    {
        for (int i = 0; i < Members; i++)
        {
            _members.Add(new PackMember(Scratch.At($"m{i}"), _pack.Range(i * MemberSize, MemberSize), Scratch.File()));
            File.WriteAllBytes(_scratch[$"m{i}"], _pack.Bytes[(i * MemberSize)..((i + 1) * MemberSize)]);
        }
    }

    [Fact]
    public async Task Members_that_are_all_there_make_the_whole_pack()
    {
        using MemoryContent seed = new(_pack.Table);
        PackCheck check = await CheckAsync(_members, seed);
        Assert.True(check.Chunks.IsComplete);
        Assert.All(Enumerable.Range(0, Members), i => Assert.True(check.IsRight(i)));
        Assert.Equal(_pack.Bytes, Sample.ReadAll(seed));
    }

    [Fact]
    public async Task The_order_of_the_members_does_not_matter()
    {
        PackMember[] shuffled = [.. _members];
        new Random(5).Shuffle(shuffled);
        Assert.True((await CheckAsync(shuffled)).Chunks.IsComplete);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("changed")]
    [InlineData("longer")]
    [InlineData("shorter")]
    [InlineData("directory")]
    [InlineData("linked")]
    public async Task A_wrong_member_spoils_the_chunks_that_it_touches_and_no_others(string how)
    {
        string path = _scratch["m5"]; // bytes 15000 to 17999: chunks 3 (12288..) and 4 (..20479)
        switch (how)
        {
            case "missing": File.Delete(path); break;
            case "changed": File.WriteAllBytes(path, Sample.Random(MemberSize, seed: 99).Bytes); break;
            case "longer": File.AppendAllText(path, "x"); break;
            case "shorter": File.WriteAllBytes(path, File.ReadAllBytes(path)[..^1]); break;
            case "directory": File.Delete(path); Directory.CreateDirectory(path); break;
            case "linked": Scratch.Run("ln", path, path + "-too"); break;
        }
        PackCheck check = await CheckAsync(_members);
        Assert.Equal([3, 4], Enumerable.Range(0, 9).Where(i => !check.Chunks[i]));
        // Members 4 (12000..14999) and 6 (18000..20999) share those chunks.
        Assert.Equal([4, 5, 6], Enumerable.Range(0, Members).Where(i => !check.IsRight(i)));
    }

    [Fact]
    public async Task Members_that_are_not_wanted_leave_a_gap()
    {
        _members.RemoveAt(0);
        PackCheck check = await CheckAsync(_members);
        Assert.Equal([0], Enumerable.Range(0, 9).Where(i => !check.Chunks[i]));
        Assert.Equal([0], Enumerable.Range(0, Members - 1).Where(i => !check.IsRight(i))); // m1, the first that is left
    }

    [Fact]
    public async Task Two_files_may_share_bytes()
    {
        File.Copy(_scratch["m3"], _scratch["twin"]);
        _members.Add(_members[3] with { Path = Scratch.At("twin") });
        Assert.True((await CheckAsync(_members)).IsRight(Members));
        File.Delete(_scratch["m3"]);
        PackCheck check = await CheckAsync(_members);
        Assert.True(check.Chunks.IsComplete);
        Assert.True(check.IsRight(Members));
        Assert.False(check.IsRight(3));
    }

    [Fact]
    public async Task Empty_members_are_right_if_they_are_there_and_empty()
    {
        File.WriteAllText(_scratch["e1"], "");
        File.WriteAllText(_scratch["e2"], "x");
        foreach (string name in new[] { "e1", "e2", "e3" })
            _members.Add(new PackMember(Scratch.At(name), _pack.Range(MemberSize, 0), Scratch.File()));
        PackCheck check = await CheckAsync(_members);
        Assert.Equal([true, false, false], new[] { check.IsRight(Members), check.IsRight(Members + 1), check.IsRight(Members + 2) });
    }

    [Fact]
    public async Task A_member_that_reaches_outside_the_pack_is_never_right()
    {
        DataReference[] bad =
        [
            new(_pack.Table.Content, _pack.Table.Size, 1),
            new(_pack.Table.Content, ulong.MaxValue, 2),
            new(_pack.Table.Content, 1, ulong.MaxValue),
        ];
        _members.AddRange(bad.Select(data => new PackMember(Scratch.At("m0"), data, Scratch.File())));
        PackCheck check = await CheckAsync(_members);
        Assert.True(check.Chunks.IsComplete);
        Assert.False(check.IsRight(Members) || check.IsRight(Members + 1) || check.IsRight(Members + 2));
    }

    [Fact]
    public async Task It_agrees_with_a_comparison_of_bytes()
    {
        Random random = new(17);
        for (int round = 0; round < 40; round++)
        {
            bool[] isRight = new bool[Members];
            for (int i = 0; i < Members; i++)
            {
                isRight[i] = random.Next(3) != 0;
                byte[] bytes = _pack.Bytes[(i * MemberSize)..((i + 1) * MemberSize)];
                if (!isRight[i])
                    bytes[random.Next(MemberSize)] ^= 1;
                await File.WriteAllBytesAsync(_scratch[$"m{i}"], bytes);
            }
            PackCheck check = await CheckAsync(_members);
            for (int chunk = 0; chunk < 9; chunk++)
            {
                byte[] there = await ReadChunkAsync(chunk);
                Assert.Equal(_pack.Chunk(chunk).SequenceEqual(there), check.Chunks[chunk]);
            }
            Assert.All(Enumerable.Range(0, Members), i => Assert.False(check.IsRight(i) && !isRight[i]));
        }
    }

    public void Dispose() => _scratch.Dispose();

    private async Task<byte[]> ReadChunkAsync(int chunk)
    {
        List<byte> all = [];
        for (int i = 0; i < Members; i++)
            all.AddRange(await File.ReadAllBytesAsync(_scratch[$"m{i}"]));
        return [.. all.Skip(chunk * 4096).Take(4096)];
    }

    private async Task<PackCheck> CheckAsync(IReadOnlyList<PackMember> members, StoredContent? seed = null)
    {
        (Errno error, PackCheck? check) = await PackCheck.RunAsync(_scratch.Destination, _pack.Table, members, seed, default);
        Assert.Equal((Errno)0, error);
        return check!;
    }
}
