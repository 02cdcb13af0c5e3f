using Mono.Unix.Native;
using Xget.Content;
using Xget.Node.Tests;
using Xget.Testing;

namespace Xget.Mount.Tests;

/// <summary>Why files could not be read, in a log that people can read.</summary>
public class ReadFailuresTests
{
    private readonly ManualTime _time = new();
    private readonly RecordingLog _log = new();
    private readonly ReadFailures _failures;

    public ReadFailuresTests() => _failures = new ReadFailures(_time, _log.Logger);

    private static Inode File(int number) =>
        new((ulong)number, 9, null, FileName.Of($"f{number}"), new EntryAttributes { Type = EntryType.Regular }, default);

    private int Lines => _log.Records.Count;

    [Fact]
    public void A_file_and_reason_is_told_once_until_it_could_be_read_again()
    {
        Inode file = File(2);
        for (int i = 0; i < 100; i++)
            _failures.Tell(file, Errno.EIO, "no parent has it");
        Assert.Equal(1, Lines);
        Assert.True(_log.Has("no parent has it"));
        _failures.Tell(file, Errno.ESTALE, null);
        Assert.Equal(2, Lines);
        _failures.Forget(file);
        _failures.Tell(file, Errno.EIO, "no parent has it");
        Assert.Equal(3, Lines);
    }

    [Fact]
    public void Many_files_make_some_lines_a_minute_and_the_others_are_counted()
    {
        for (int i = 2; i < 502; i++)
            _failures.Tell(File(i), Errno.EIO, "the master is lost");
        Assert.Equal(ReadFailures.MaxLines, Lines);
        _time.Advance(TimeSpan.FromMinutes(1));
        _failures.Tell(File(1000), Errno.EIO, "the master is lost");
        Assert.Equal(ReadFailures.MaxLines + 2, Lines);
        Assert.True(_log.Has("470 failed reads"));
    }
}
