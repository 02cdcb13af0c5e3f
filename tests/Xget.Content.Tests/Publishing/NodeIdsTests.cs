namespace Xget.Content.Tests;

public sealed class NodeIdsTests
{
    private const ulong Largest = (1UL << 56) - 1;

    [Fact]
    public void Inodes_of_the_roots_device_are_their_own_numbers()
    {
        var ids = new NodeIds(rootDevice: 1);
        Assert.Equal(2UL, ids.For(1, 2, shared: false));
        Assert.Equal(Largest, ids.For(1, Largest, shared: false));
    }

    [Fact]
    public void Numbers_are_unique_in_range_and_the_same_the_next_time()
    {
        var numbers = Ask();
        Assert.Equal(numbers.Count, numbers.Distinct().Count());
        Assert.All(numbers, id => Assert.InRange(id, 1UL, Largest));
        Assert.Equal(numbers, Ask());

        static List<ulong> Ask()
        {
            var ids = new NodeIds(rootDevice: 1);
            List<ulong> numbers = [];
            foreach (var device in new ulong[] { 1, 2, 3 })
                foreach (var inode in new ulong[] { 0, 1, 2, 3, Largest, Largest + 1, Largest + 2, ulong.MaxValue })
                {
                    numbers.Add(ids.For(device, inode, shared: false));
                    numbers.Add(ids.For(device, inode, shared: false));    // a bind mount shows an inode twice
                }
            return numbers;
        }
    }

    [Fact]
    public void Names_of_one_file_get_one_number()
    {
        var ids = new NodeIds(rootDevice: 1);
        Assert.Equal(ids.For(2, 7, shared: true), ids.For(2, 7, shared: true));
        Assert.NotEqual(ids.For(2, 7, shared: true), ids.For(3, 7, shared: true));
    }
}
