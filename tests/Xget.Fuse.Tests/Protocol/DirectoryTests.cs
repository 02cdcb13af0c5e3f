using System.Text;
using Mono.Unix.Native;
using static Xget.Fuse.Tests.Protocol.FakeKernel;

namespace Xget.Fuse.Tests.Protocol;

public class DirectoryTests
{
    private readonly ScriptedFiles _files = new();
    private readonly FakeKernel _kernel;

    public DirectoryTests() => _kernel = Connected(_files);

    [Theory]
    [InlineData(0u, 0)]
    [InlineData(31u, 0)]  // 24 + 1, padded to 32
    [InlineData(32u, 1)]
    [InlineData(63u, 1)]
    [InlineData(64u, 2)]
    public void Only_whole_entries_are_added(uint room, int expected)
    {
        int added = 0;
        _files.OnReadDir = (entries, _) =>
        {
            while (entries.TryAdd("a"u8, 1, 0x8000, (ulong)added + 1))
            {
                added++;
            }

            Assert.Equal(expected * 32, entries.Written);
            return ValueTask.FromResult<Errno>(0);
        };
        Assert.Equal(16 + (expected * 32), _kernel.Ask(28, 1, ReadBody(0, 0, room)).Length);
        Assert.Equal(expected, added);
    }

    [Fact]
    public void Any_names_come_back_from_an_independent_reader_of_the_bytes()
    {
        Random random = new(3);
        for (int round = 0; round < 200; round++)
        {
            bool plus = random.Next(2) == 0;
            List<(string Name, ulong Ino, ulong Next, ulong NodeId)> added = [];
            _files.OnReadDir = (entries, _) =>
            {
                while (true)
                {
                    string name = new('n', random.Next(1, 256));
                    EntryOut entry = new() { NodeId = (ulong)random.Next(1, 99), Attr = new FuseAttr { Ino = 5, Mode = 0x4000 } };
                    ulong next = (ulong)random.NextInt64();
                    if (!(plus ? entries.TryAddPlus(Encoding.UTF8.GetBytes(name), entry, next)
                        : entries.TryAdd(Encoding.UTF8.GetBytes(name), 5, 0x4000, next)))
                    {
                        return ValueTask.FromResult<Errno>(0);
                    }

                    added.Add((name, 5, next, plus ? entry.NodeId : 0));
                }
            };
            byte[] reply = _kernel.Ask(plus ? 44u : 28u, 1, ReadBody(0, 0, (uint)random.Next(0, 20000)));
            Assert.Equal(added, Parse(reply[16..], plus));
        }
    }

    [Fact]
    public void An_offset_reaches_the_file_system_and_an_empty_answer_is_the_end()
    {
        ulong seen = 0;
        _files.OnReadDir = (_, offset) =>
        {
            seen = offset;
            return ValueTask.FromResult<Errno>(0);
        };
        Assert.Equal((0, 16), (ErrorOf(_kernel.Ask(28, 1, ReadBody(0, 0x1234567890, 4096))), 16));
        Assert.Equal(0x1234567890ul, seen);
    }

    [Fact]
    public void An_error_after_an_entry_does_not_take_the_entry_back()
    {
        _files.OnReadDir = (entries, _) =>
        {
            entries.TryAdd("a"u8, 1, 0x8000, 1);
            return ValueTask.FromResult(Errno.EIO);
        };
        byte[] reply = _kernel.Ask(28, 1, ReadBody(0, 0, 4096));
        Assert.Equal((0, 48), (ErrorOf(reply), reply.Length));
        _files.OnReadDir = (_, _) => ValueTask.FromResult(Errno.EIO);
        Assert.Equal(-(int)Errno.EIO, ErrorOf(_kernel.Ask(28, 1, ReadBody(0, 0, 4096))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    public void What_is_no_name_is_not_sent(string name)
    {
        _files.OnReadDir = (entries, _) =>
        {
            entries.TryAdd("good"u8, 1, 0x8000, 1);
            entries.TryAdd(Encoding.UTF8.GetBytes(name), 1, 0x8000, 2);
            return ValueTask.FromResult<Errno>(0);
        };
        Assert.Equal(-(int)Errno.EIO, ErrorOf(_kernel.Ask(28, 1, ReadBody(0, 0, 4096))));
        Assert.Single(_kernel.Complaints);
    }

    [Theory]
    [InlineData(false)] // nobody took the reply
    [InlineData(true)] // the method threw
    public void Lookups_that_the_kernel_never_saw_are_forgotten(bool throws)
    {
        _files.OnReadDir = (entries, _) =>
        {
            Assert.True(entries.TryAddPlus("."u8, new EntryOut { NodeId = 1 }, 1));
            Assert.True(entries.TryAddPlus("a"u8, new EntryOut { NodeId = 21 }, 2));
            Assert.True(entries.TryAdd("b"u8, 1, 0x8000, 3));
            Assert.True(entries.TryAddPlus("longer name"u8, new EntryOut { NodeId = 22 }, 4));
            return throws ? throw new InvalidDataException() : ValueTask.FromResult<Errno>(0);
        };
        _kernel.Verdict = throws ? 0 : Errno.ENOENT;
        _kernel.Ask(44, 1, ReadBody(0, 0, 4096));
        Assert.Equal(["forget 21 1", "forget 22 1"], _files.Calls);
    }

    [Fact]
    public void A_plain_listing_has_no_room_for_attributes()
    {
        _files.OnReadDir = (entries, _) =>
        {
            Assert.Throws<InvalidOperationException>(() => entries.TryAddPlus("a"u8, default, 1));
            return ValueTask.FromResult<Errno>(0);
        };
        Assert.Equal(0, ErrorOf(_kernel.Ask(28, 1, ReadBody(0, 0, 4096))));
    }

    private static List<(string Name, ulong Ino, ulong Next, ulong NodeId)> Parse(byte[] bytes, bool plus)
    {
        List<(string, ulong, ulong, ulong)> entries = [];
        for (int at = 0; at < bytes.Length;)
        {
            ulong nodeid = plus ? BitConverter.ToUInt64(bytes, at) : 0;
            at += plus ? 128 : 0;
            int length = BitConverter.ToInt32(bytes, at + 16);
            Assert.Equal(4u, BitConverter.ToUInt32(bytes, at + 20)); // DT_DIR
            entries.Add((Encoding.UTF8.GetString(bytes, at + 24, length), BitConverter.ToUInt64(bytes, at),
                BitConverter.ToUInt64(bytes, at + 8), nodeid));
            at += (24 + length + 7) / 8 * 8;
        }

        return entries;
    }
}
