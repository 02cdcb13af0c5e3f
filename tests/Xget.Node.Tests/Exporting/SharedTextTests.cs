using Xget.Node.Exporting;
using Xget.Testing;

namespace Xget.Node.Tests.Exporting;

/// <summary>Long texts are made once a second and shared.</summary>
public sealed class SharedTextTests
{
    private readonly ManualTime _time = new();
    private int _made;
    private int _length = 1 << 20;

    private SharedText Text() => new(() =>
    {
        Interlocked.Increment(ref _made);
        return new byte[_length];
    }, _time);

    [Fact]
    public async Task Within_a_second_all_readers_share_one_text()
    {
        SharedText text = Text();
        SharedText.Copy first = await text.TakeAsync();
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Same(first, await text.TakeAsync());
        Assert.Equal(1, _made);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.NotSame(first, await text.TakeAsync());
        Assert.Equal(2, _made);
    }

    [Fact]
    public async Task A_short_one_is_made_for_each_reader()
    {
        _length = 1000;
        SharedText text = Text();
        SharedText.Copy first = await text.TakeAsync();
        Assert.NotSame(first, await text.TakeAsync());
    }

    [Fact]
    public async Task Who_reads_for_too_long_loses_it_when_newer_ones_take_more_than_64_MiB()
    {
        _length = 10 << 20;
        SharedText text = Text();
        var copies = new List<SharedText.Copy>();
        for (int i = 0; i < 10; i++)
        {
            copies.Add(await text.TakeAsync());
            _time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Equal(4, copies.FindIndex(c => c.Bytes is not null));
        foreach (SharedText.Copy copy in copies)
            text.Return(copy);
        Assert.Equal(10, _made);
    }

    [Fact]
    public async Task A_text_that_is_given_back_is_no_burden_to_others()
    {
        _length = 10 << 20;
        SharedText text = Text();
        SharedText.Copy kept = await text.TakeAsync();
        for (int i = 0; i < 20; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            text.Return(await text.TakeAsync());
        }
        Assert.NotNull(kept.Bytes);
    }
}
