using Mono.Unix.Native;
using static Xget.Fuse.Tests.Protocol.FakeKernel;

namespace Xget.Fuse.Tests.Protocol;

/// <summary>Requests whose answer is not there at once.</summary>
public class WaitingTests
{
    private readonly ScriptedFiles _files = new();
    private readonly FakeKernel _kernel;

    public WaitingTests() => _kernel = Connected(_files);

    [Fact]
    public async Task The_next_request_is_served_meanwhile()
    {
        TaskCompletionSource<FuseResult<FuseData>> answer = new();
        _files.OnRead = (_, _) => new ValueTask<FuseResult<FuseData>>(answer.Task);
        ulong first = _kernel.Send(15, 5, ReadBody(0, 0, 3));
        Assert.Equal(0, _kernel.ReplyCount);
        _kernel.Ask(17, 1);
        answer.SetResult(FuseData.Bytes("abc"u8.ToArray()));
        byte[] reply = await _kernel.ReceiveAsync();
        Assert.Equal(first, UniqueOf(reply));
        Assert.Equal("abc"u8.ToArray(), reply[16..]);
    }

    [Fact]
    public async Task A_name_stays_as_it_is_while_its_request_waits()
    {
        TaskCompletionSource go = new();
        List<string> names = [];
        _files.OnLookup = async (_, name) =>
        {
            await go.Task;
            lock (names)
            {
                names.Add(System.Text.Encoding.UTF8.GetString(name.Span));
            }

            return EntryOut.Negative(default);
        };
        string[] expected = [.. Enumerable.Range(0, 50).Select(i => $"name{i}")];
        foreach (string name in expected)
        {
            _kernel.Send(1, 1, Name(name));
        }

        go.SetResult();
        for (int i = 0; i < expected.Length; i++)
        {
            await _kernel.ReceiveAsync();
        }

        Assert.Equal(expected.Order(), names.Order());
    }

    [Fact]
    public async Task Each_request_gets_its_own_answer_whatever_the_order()
    {
        Random random = new(5);
        _files.OnRead = async (request, size) =>
        {
            ulong unique = request.Unique;
            for (int i = random.Next(4); i > 0; i--)
            {
                await Task.Yield();
            }

            Assert.Equal(unique, request.Unique);
            return FuseData.Bytes(BitConverter.GetBytes(unique));
        };
        HashSet<ulong> open = [];
        for (int i = 0; i < 2000; i++)
        {
            open.Add(_kernel.Send(15, 5, ReadBody(0, 0, 8)));
        }

        for (int i = 0; i < 2000; i++)
        {
            byte[] reply = await _kernel.ReceiveAsync();
            Assert.Equal(UniqueOf(reply), BitConverter.ToUInt64(reply, 16));
            Assert.True(open.Remove(UniqueOf(reply)), "answered twice");
        }

        Assert.Empty(open);
        Assert.Empty(_kernel.Complaints);
    }

    [Fact]
    public async Task An_interrupt_cancels_its_request_and_no_other()
    {
        _files.OnRead = async (request, _) =>
        {
            await Task.Delay(System.Threading.Timeout.Infinite, request.Interrupted);
            return FuseData.Bytes(default);
        };
        ulong first = _kernel.Send(15, 5, ReadBody(0, 0, 8));
        ulong second = _kernel.Send(15, 5, ReadBody(0, 0, 8));
        _kernel.Send(36, 0, BitConverter.GetBytes(second));
        byte[] reply = await _kernel.ReceiveAsync();
        Assert.Equal((second, -(int)Errno.EINTR), (UniqueOf(reply), ErrorOf(reply)));
        Assert.Equal(0, _kernel.ReplyCount);
        _kernel.Send(36, 0, BitConverter.GetBytes(first));
        Assert.Equal(first, UniqueOf(await _kernel.ReceiveAsync()));
        Assert.Empty(_kernel.Complaints);
    }

    [Fact]
    public void An_interrupt_that_overtakes_its_request_is_not_lost()
    {
        bool interrupted = false;
        _files.OnRead = (request, _) =>
        {
            interrupted = request.Interrupted.IsCancellationRequested;
            return FuseAnswer.Failed<FuseData>(Errno.EINTR);
        };
        _kernel.Deliver(Request(36, 5001, 0, BitConverter.GetBytes(5000ul)));
        _kernel.Deliver(Request(15, 5000, 5, ReadBody(0, 0, 8)));
        Assert.True(interrupted);
        _kernel.Deliver(Request(15, 5002, 5, ReadBody(0, 0, 8)));
        Assert.False(interrupted);
    }

    [Fact]
    public void An_interrupt_that_comes_too_late_is_nothing()
    {
        _kernel.Ask(17, 1);
        for (ulong i = 0; i < 1000; i++)
        {
            _kernel.Send(36, 0, BitConverter.GetBytes(i));
        }

        Assert.Equal(0, _kernel.ReplyCount);
        _kernel.Ask(17, 1);
    }

    [Fact]
    public async Task At_the_end_all_that_waits_is_interrupted_and_the_file_system_told_last()
    {
        _files.OnRead = async (request, _) =>
        {
            await Task.Delay(System.Threading.Timeout.Infinite, request.Interrupted);
            return FuseData.Bytes(default);
        };
        _kernel.Send(15, 5, ReadBody(0, 0, 8));
        _kernel.Send(15, 6, ReadBody(0, 0, 8));
        await _kernel.Core.EndAsync();
        Assert.Equal(2, _kernel.ReplyCount);
        Assert.Equal("destroy", _files.Calls[^1]);
        ulong late = _kernel.Send(15, 7, ReadBody(0, 0, 8));
        await _kernel.ReceiveAsync();
        await _kernel.ReceiveAsync();
        byte[] reply = await _kernel.ReceiveAsync();
        Assert.Equal((late, -(int)Errno.EINTR), (UniqueOf(reply), ErrorOf(reply)));
    }

    [Fact]
    public async Task A_method_that_does_not_end_is_answered_for_and_its_own_answer_dropped()
    {
        FakeKernel kernel = Connected(_files, new MountOptions { EndTimeout = TimeSpan.FromMilliseconds(1) });
        TaskCompletionSource<FuseResult<FuseData>> answer = new();
        _files.OnRead = (_, _) => new ValueTask<FuseResult<FuseData>>(answer.Task);
        kernel.Send(15, 5, ReadBody(0, 0, 8));
        await kernel.Core.EndAsync();
        Assert.Equal(-(int)Errno.EIO, ErrorOf(await kernel.ReceiveAsync()));
        answer.SetResult(FuseData.Bytes(new byte[8]));
        Assert.Equal(0, kernel.ReplyCount);
    }

    [Fact]
    public async Task A_task_that_fails_is_an_error_and_a_complaint()
    {
        _files.OnRead = async (_, _) =>
        {
            await Task.Yield();
            throw new InvalidDataException("broken");
        };
        _kernel.Send(15, 5, ReadBody(0, 0, 8));
        Assert.Equal(-(int)Errno.EIO, ErrorOf(await _kernel.ReceiveAsync()));
        Assert.Equal("READ failed: InvalidDataException: broken", Assert.Single(_kernel.Complaints));
    }

    [Fact]
    public async Task A_directory_writer_may_be_filled_later()
    {
        _files.OnReadDir = async (entries, _) =>
        {
            await Task.Yield();
            entries.TryAdd("later"u8, 1, 0x8000, 1);
            return 0;
        };
        _kernel.Send(28, 1, ReadBody(0, 0, 4096));
        Assert.Equal(16 + 32, (await _kernel.ReceiveAsync()).Length);
    }

    [Fact]
    public void A_read_that_is_answered_at_once_allocates_nothing()
    {
        SilentChannel silent = new();
        using Mounting.SampleFile sample = new(1 << 20);
        ScriptlessFiles files = new(sample);
        FuseCore core = new(files, new MountOptions(), silent);
        byte[] init = Request(26, 1, 0, Init(7, 45, 0, 0));
        byte[] read = Request(15, 1000, 5, ReadBody(0, 0, 128 << 10));
        byte[] getattr = Request(3, 1002, 5, new byte[16]);
        Deliver(init);
        for (int i = 0; i < 100; i++)
        {
            Deliver(read);
            Deliver(getattr);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Deliver(read);
            Deliver(getattr);
        }

        // One object for each of 2000 would be 48,000; the runtime counts in pieces of 8 KiB.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 24_000);
        Assert.Equal(1 + (1100 * 2), silent.Count);

        void Deliver(byte[] bytes)
        {
            FuseRequest request = core.Requests.Rent();
            bytes.CopyTo(request.Buffer, 0);
            core.Handle(request, silent, bytes.Length);
        }
    }

    private sealed class ScriptlessFiles(Mounting.SampleFile sample) : FuseFileSystem
    {
        public override ValueTask<FuseResult<FuseData>> ReadAsync(FuseRequest request, ulong nodeid, ulong fh,
            ulong offset, int size) => sample.Read(offset, size).AsAnswer();

        public override ValueTask<FuseResult<AttrOut>> GetAttrAsync(FuseRequest request, ulong nodeid, ulong? fh) =>
            default(AttrOut).AsAnswer();
    }

    private sealed class SilentChannel : FuseChannel
    {
        public int Count { get; private set; }

        public override Errno Send(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
        {
            Count++;
            return 0;
        }

        public override FuseResult<int> BackingOpen(Microsoft.Win32.SafeHandles.SafeFileHandle file) => Errno.EPERM;

        public override Errno BackingClose(int id) => Errno.EPERM;
    }
}
