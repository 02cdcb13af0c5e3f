using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>
/// Tells the kernel that something has changed. Each message is sent, in order, by a thread of its own, for the kernel
/// may make it wait for a read of the same node: so never wait for one within a request. ENOENT means that the kernel
/// does not know the thing, which is as good as success; ENODEV that the connection has ended; ENOSYS that this kernel
/// has no such message. Thread-safe.
/// </summary>
public sealed class FuseNotifier
{
    private const int LongestName = 1024;
    private const int MinorOfEpoch = 44;
    private const int MinorOfPrune = 45;

    private readonly FuseChannel _channel;
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private BlockingCollection<Notification>? _queue;
    private volatile bool _closed;

    internal FuseNotifier(FuseChannel channel) => _channel = channel;

    internal int Minor { get; set; }

    /// <summary>Drops cached attributes and, from <paramref name="offset"/> on, pages of a node.</summary>
    /// <param name="nodeid">The node.</param>
    /// <param name="offset">First byte; negative: only the attributes.</param>
    /// <param name="length">Number of bytes; 0: to the end.</param>
    public Task<Errno> InvalidateInodeAsync(ulong nodeid, long offset = 0, long length = 0) =>
        SendAsync(NotifyCode.InvalInode, new NotifyInvalInode(nodeid, offset, length), []);

    /// <summary>
    /// Drops a cached name; a cached listing of its directory goes with <see cref="InvalidateInodeAsync"/>.
    /// </summary>
    /// <param name="parent">The directory.</param>
    /// <param name="name">1 to 1024 bytes.</param>
    /// <param name="expireOnly">Ask again at the next use, but do not unhash (since 7.38).</param>
    public Task<Errno> InvalidateEntryAsync(ulong parent, ReadOnlySpan<byte> name, bool expireOnly = false) =>
        SendNameAsync(NotifyCode.InvalEntry,
            new NotifyInvalEntry(parent, (uint)name.Length, expireOnly ? NotifyInvalEntry.ExpireOnly : 0), name);

    /// <summary>A name is gone: as <see cref="InvalidateEntryAsync"/>, but told to those who watch the directory too.</summary>
    public Task<Errno> DeleteAsync(ulong parent, ulong child, ReadOnlySpan<byte> name) =>
        SendNameAsync(NotifyCode.Delete, new NotifyDelete(parent, child, (uint)name.Length), name);

    /// <summary>
    /// Puts bytes into a node's page cache. What lies beyond its size makes the kernel think it larger.
    /// </summary>
    public Task<Errno> StoreAsync(ulong nodeid, ulong offset, ReadOnlySpan<byte> data) =>
        SendAsync(NotifyCode.Store, new NotifyStore(nodeid, offset, (uint)data.Length), data);

    /// <summary>All names must be looked up again at their next use (since 7.44).</summary>
    public Task<Errno> IncrementEpochAsync() =>
        Minor < MinorOfEpoch ? Task.FromResult(Errno.ENOSYS) : SendAsync(NotifyCode.IncEpoch, [], []);

    /// <summary>Asks the kernel to forget nodes that nobody uses (since 7.45).</summary>
    public Task<Errno> PruneAsync(ReadOnlySpan<ulong> nodeids) => Minor < MinorOfPrune
        ? Task.FromResult(Errno.ENOSYS)
        : SendAsync(NotifyCode.Prune, new NotifyPrune((uint)nodeids.Length), MemoryMarshal.AsBytes(nodeids));

    /// <summary>Nothing is sent any more; ends when the thread has.</summary>
    internal Task EndAsync()
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _closed = true;
                _queue?.CompleteAdding();
            }

            return _queue is null ? Task.CompletedTask : _ended.Task;
        }
    }

    private static byte[] Message(NotifyCode code, ReadOnlySpan<byte> body, ReadOnlySpan<byte> rest)
    {
        int head = Unsafe.SizeOf<OutHeader>();
        byte[] message = new byte[head + body.Length + rest.Length];
        OutHeader header = new((uint)message.Length, (int)code, 0);
        MemoryMarshal.Write(message, in header);
        body.CopyTo(message.AsSpan(head));
        rest.CopyTo(message.AsSpan(head + body.Length));
        return message;
    }

    private Task<Errno> SendNameAsync<T>(NotifyCode code, in T body, ReadOnlySpan<byte> name) where T : unmanaged
    {
        if (name.Length is 0 or > LongestName)
        {
            return Task.FromResult(Errno.EINVAL);
        }

        Span<byte> withNul = stackalloc byte[LongestName + 1];
        withNul.Clear();
        name.CopyTo(withNul);
        return SendAsync(code, body, withNul[..(name.Length + 1)]);
    }

    private Task<Errno> SendAsync<T>(NotifyCode code, in T body, ReadOnlySpan<byte> rest) where T : unmanaged =>
        SendAsync(code, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in body)), rest);

    private Task<Errno> SendAsync(NotifyCode code, ReadOnlySpan<byte> body, ReadOnlySpan<byte> rest)
    {
        Notification notification = new(Message(code, body, rest));
        lock (_gate)
        {
            if (_closed)
            {
                return Task.FromResult(Errno.ENODEV);
            }

            if (_queue is null)
            {
                _queue = [];
                new Thread(Run) { IsBackground = true, Name = "fuse-notifier" }.Start();
            }

            _queue.Add(notification);
        }

        return notification.Sent.Task;
    }

    private void Run()
    {
        foreach (Notification notification in _queue!.GetConsumingEnumerable())
        {
            notification.Sent.SetResult(_closed ? Errno.ENODEV : _channel.Send(notification.Message, []));
        }

        _queue.Dispose();
        _ended.SetResult();
    }

    private sealed class Notification(byte[] message)
    {
        public byte[] Message => message;

        public TaskCompletionSource<Errno> Sent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
