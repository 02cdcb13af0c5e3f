using Xget.Content;

namespace Xget.Mount.Tests;

/// <summary>Node ids, inode numbers and look-ups, without any file system around them.</summary>
public class InodeTableTests
{
    private const ulong RootId = 1;
    private readonly InodeTable _table = NewTable();

    private static InodeTable NewTable() => new(Attributes(EntryType.Directory), default);

    private static EntryAttributes Attributes(EntryType type, ulong link = 0) => new()
    {
        Type = type, Mode = 0x1a4, LinkIdentity = link, LinkCount = link == 0 ? 1u : 2u,
    };

    private static DirectoryEntry Entry(string name, EntryType type = EntryType.Regular, ulong link = 0, ulong place = 0) => new()
    {
        Name = FileName.Of(name), Attributes = Attributes(type, link), Data = new DataReference(default, place, 0),
    };

    private static DirectoryEntry Folder(string name) => Entry(name, EntryType.Directory);

    [Fact]
    public void The_root_is_there_from_the_start_and_never_forgotten()
    {
        _table.Forget(RootId, 100);
        Assert.Same(_table.Root, _table.Find(RootId));
        Assert.Equal(1UL, _table.Root.Ino);
    }

    [Fact]
    public void A_name_leads_to_one_inode_as_long_as_the_kernel_knows_it()
    {
        Inode first = _table.Tell(_table.Root, Entry("a"));
        Assert.Same(first, _table.Tell(_table.Root, Entry("a")));
        _table.Forget(first.NodeId, 1);
        Assert.Same(first, _table.Find(first.NodeId));
        _table.Forget(first.NodeId, 1);
        Assert.Null(_table.Find(first.NodeId));
        Assert.NotEqual(first.NodeId, _table.Tell(_table.Root, Entry("a")).NodeId);
    }

    [Fact]
    public void Forgetting_more_than_was_told_or_the_unknown_is_harmless()
    {
        Inode inode = _table.Tell(_table.Root, Entry("a"));
        _table.Forget(inode.NodeId, ulong.MaxValue);
        _table.Forget(inode.NodeId, 1);
        _table.Forget(12345, 1);
        Assert.Equal(1, _table.Count);
    }

    [Fact]
    public void A_directory_stays_until_its_last_known_child_is_forgotten()
    {
        Inode directory = _table.Tell(_table.Root, Folder("d"));
        Inode file = _table.Tell(directory, Entry("a"));
        _table.Forget(directory.NodeId, 1);
        Assert.Same(directory, _table.Find(directory.NodeId));
        _table.Forget(file.NodeId, 1);
        Assert.Null(_table.Find(directory.NodeId));
        Assert.Equal(1, _table.Count);
    }

    [Fact]
    public void Names_of_one_file_share_an_inode()
    {
        Inode directory = _table.Tell(_table.Root, Folder("d"));
        Inode first = _table.Tell(_table.Root, Entry("a", link: 5));
        Assert.Same(first, _table.Tell(directory, Entry("b", link: 5)));
        Assert.NotSame(first, _table.Tell(directory, Entry("c", link: 6)));
    }

    [Fact]
    public void A_file_with_several_names_survives_the_forgetting_of_one()
    {
        Inode directory = _table.Tell(_table.Root, Folder("d"));
        Inode first = _table.Tell(directory, Entry("a", link: 5));
        _table.Tell(_table.Root, Entry("b", link: 5));
        _table.Forget(first.NodeId, 1);
        _table.Forget(directory.NodeId, 1);
        Assert.Same(first, _table.Find(first.NodeId));
        Assert.Same(first, _table.Tell(_table.Root, Entry("b", link: 5)));
    }

    [Fact]
    public void A_forgotten_file_leaves_none_of_its_directories_behind()
    {
        Inode one = _table.Tell(_table.Root, Folder("one"));
        Inode other = _table.Tell(_table.Root, Folder("other"));
        Inode file = _table.Tell(one, Entry("a", link: 5));
        _table.Tell(other, Entry("b", link: 5));
        _table.Forget(file.NodeId, 2);
        _table.Forget(one.NodeId, 1);
        _table.Forget(other.NodeId, 1);
        Assert.Equal(1, _table.Count);
    }

    [Fact]
    public void Names_with_other_bytes_or_attributes_are_not_the_same_file_whatever_their_identity()
    {
        Inode first = _table.Tell(_table.Root, Entry("a", link: 5));
        Assert.NotSame(first, _table.Tell(_table.Root, Entry("b", link: 5, place: 9)));
        Assert.NotSame(first, _table.Tell(_table.Root, Entry("c", EntryType.Fifo, link: 5)));
    }

    [Fact]
    public void A_detached_name_gets_another_inode_while_the_old_one_lives_on()
    {
        Inode old = _table.Tell(_table.Root, Entry("a"));
        lock (_table.Gate)
            _table.Detach(_table.Root, old.Name, old);
        Inode now = _table.Tell(_table.Root, Entry("a", place: 1));
        Assert.NotSame(old, now);
        Assert.Equal(old.Ino, now.Ino);
        Assert.Same(old, _table.Find(old.NodeId));
        _table.Forget(old.NodeId, 1);
        Assert.Null(_table.Find(old.NodeId));
        Assert.Same(now, _table.Tell(_table.Root, Entry("a", place: 1)));
    }

    [Fact]
    public void A_detached_directory_goes_with_the_last_of_what_is_known_below_it()
    {
        Inode directory = _table.Tell(_table.Root, Folder("d"));
        Inode file = _table.Tell(directory, Entry("a"));
        lock (_table.Gate)
            _table.Detach(_table.Root, directory.Name, directory);
        _table.Forget(directory.NodeId, 1);
        Assert.Same(file, _table.Find(file.NodeId));
        _table.Forget(file.NodeId, 1);
        Assert.Equal(1, _table.Count);
    }

    [Fact]
    public void A_file_that_loses_one_of_its_names_still_shares_its_inode_with_the_others()
    {
        Inode file = _table.Tell(_table.Root, Entry("a", link: 5));
        _table.Tell(_table.Root, Entry("b", link: 5));
        lock (_table.Gate)
            _table.Detach(_table.Root, FileName.Of("a"), file);
        Assert.Same(file, _table.Tell(_table.Root, Entry("c", link: 5)));
        lock (_table.Gate)
        {
            _table.Detach(_table.Root, FileName.Of("b"), file);
            _table.Detach(_table.Root, FileName.Of("c"), file);
        }
        Assert.NotSame(file, _table.Tell(_table.Root, Entry("d", link: 5)));
        Assert.Same(file, _table.Find(file.NodeId));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_look_ups_and_forgets_agree_with_a_naive_count(int seed)
    {
        var random = new Random(seed);
        var model = new NaiveInodes();
        for (int i = 0; i < 5_000; i++)
        {
            if (random.Next(5) < 3)
            {
                Inode directory = _table.Find(model.AnyDirectory(random))!;
                DirectoryEntry entry = AnyEntry(directory, random);
                Inode told = _table.Tell(directory, entry);
                model.Told(directory.NodeId, entry, told.NodeId);
            }
            else if (model.Any(random) is { } known)
            {
                ulong count = (ulong)random.Next(1, (int)known.Lookups + 1);
                _table.Forget(known.NodeId, count);
                model.Forgot(known.NodeId, count);
            }
            Assert.Equal(model.Count, _table.Count);
        }
        while (model.Any(random) is { } left)
        {
            _table.Forget(left.NodeId, left.Lookups);
            model.Forgot(left.NodeId, left.Lookups);
        }
        Assert.Equal(1, _table.Count);
    }

    /// <summary>Of a small tree, so that names come again: directories, files, and files with names in many directories.</summary>
    private static DirectoryEntry AnyEntry(Inode directory, Random random) => random.Next(3) switch
    {
        0 when Depth(directory) < 4 => Folder($"d{random.Next(3)}"),
        1 => Entry($"link{random.Next(4)}", link: (ulong)random.Next(1, 4)) is var e
            ? e with { Name = FileName.Of($"link{e.Attributes.LinkIdentity}") } : null!,
        _ => Entry($"f{random.Next(4)}"),
    };

    private static int Depth(Inode inode) => inode.Parent is { } parent ? Depth(parent) + 1 : 0;

    [Fact]
    public void Inode_numbers_are_distinct_in_a_large_tree_and_the_same_in_the_next_mount()
    {
        ulong[] numbers = LargeTree(NewTable(), new Random(1));
        Assert.Equal(numbers.Length, numbers.Distinct().Count());
        Assert.DoesNotContain(0UL, numbers);
        Assert.DoesNotContain(1UL, numbers);
        Assert.Equal(numbers, LargeTree(NewTable(), new Random(2)));
        Assert.All(numbers, number => Assert.Equal(0UL, number >> 60)); // overlayfs puts a number of its own there
    }

    [Fact]
    public void Inode_numbers_of_32_bits_can_be_had()
    {
        ulong[] numbers = LargeTree(new InodeTable(Attributes(EntryType.Directory), default, new InodeNumbers(is32Bit: true)), new Random(1));
        Assert.All(numbers, number => Assert.InRange(number, 2UL, uint.MaxValue));
        Assert.InRange(numbers.Distinct().Count(), numbers.Length - 10, numbers.Length);
    }

    [Fact]
    public void A_regular_file_with_another_time_or_size_has_another_number_and_one_with_another_mode_or_place_has_not()
    {
        var numbers = new InodeNumbers(is32Bit: false);
        DirectoryEntry file = Entry("a");
        ulong number = numbers.Of(1, file);
        Assert.NotEqual(number, numbers.Of(1, file with { Attributes = file.Attributes with { Mtime = new Timestamp(0, 1) } }));
        Assert.NotEqual(number, numbers.Of(1, file with { Attributes = file.Attributes with { Size = 1 } }));
        Assert.Equal(number, numbers.Of(1, file with { Attributes = file.Attributes with { Mode = 0x100 } }));
        Assert.Equal(number, numbers.Of(1, Entry("a", place: 7)));
        DirectoryEntry directory = Folder("d");
        Assert.Equal(numbers.Of(1, directory), numbers.Of(1, directory with { Attributes = directory.Attributes with { Mtime = new Timestamp(0, 1) } }));
    }

    /// <summary>100,000 names looked up in an order of its own; their inode numbers in the tree's order.</summary>
    private static ulong[] LargeTree(InodeTable table, Random random)
    {
        const int Directories = 1000;
        const int Files = 99;
        ulong[] numbers = new ulong[Directories * (Files + 1)];
        int[] order = [.. Enumerable.Range(0, Directories)];
        random.Shuffle(order);
        foreach (int d in order)
        {
            Inode directory = table.Tell(table.Root, Folder($"{d}"));
            numbers[d * (Files + 1)] = directory.Ino;
            for (int f = 1; f <= Files; f++)
                numbers[d * (Files + 1) + f] = table.Tell(directory, f % 10 == 0 ? Entry($"{f}", link: (ulong)(d * 1000 + f)) : Entry($"{f}")).Ino;
        }
        return numbers;
    }
}
