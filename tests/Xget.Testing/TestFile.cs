using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.NineP;

namespace Xget.Testing;

/// <summary>A file in a <see cref="TestTree"/>; its reads and writes can be made to wait.</summary>
public sealed class TestFile : TestNode
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;
    private int _cancelled;
    private int _leases;

    internal TestFile(TestTree tree, string name, TestDirectory parent, byte[] bytes)
        : base(tree, name, parent, 0x81A4)
    {
        Bytes = bytes;
        Attributes = Attributes with { Size = (ulong)bytes.Length, Blocks = (ulong)(bytes.Length + 511) / 512 };
    }

    public byte[] Bytes { get; set; }

    /// <summary>Whether reads and writes wait for <see cref="Release"/>.</summary>
    public bool Waits { get; set; }

    /// <summary>Whether it may be opened for writing.</summary>
    public bool Writable { get; set; }

    /// <summary>If set, reads are answered from this file on disk.</summary>
    public SafeFileHandle? OnDisk { get; set; }

    /// <summary>If set, thrown by reads.</summary>
    public Exception? Failure { get; set; }

    /// <summary>What each open file says that it holds.</summary>
    public int Held { get; set; }

    /// <summary>What was written.</summary>
    public List<byte[]> Written { get; } = [];

    /// <summary>Leases of read results that are not given back.</summary>
    public int Leases => Volatile.Read(ref _leases);

    public int Waiting => Volatile.Read(ref _waiting);

    public int Cancelled => Volatile.Read(ref _cancelled);

    /// <summary>Lets all that wait go on.</summary>
    public void Release() => _released.TrySetResult();

    public override Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
    {
        file = null;
        if (((int)flags & 3) != 0 && !Writable)
        {
            return Errno.EROFS;
        }

        Tree.Count(1);
        file = new Opened(this);
        return 0;
    }

    private async Task WaitAsync(CancellationToken ct)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            await _released.Task.WaitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _cancelled);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private sealed class Opened(TestFile file) : OpenFile
    {
        private int _busy;
        private bool _disposed;

        public override int HeldBytes => file.Held;

        public override async ValueTask<ReadResult> ReadAsync(ulong offset, int count, CancellationToken ct)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Interlocked.Increment(ref _busy);
            try
            {
                if (file.Failure is { } failure)
                {
                    throw failure;
                }

                if (file.Waits)
                {
                    await file.WaitAsync(ct);
                }

                return Read(offset, count);
            }
            finally
            {
                Interlocked.Decrement(ref _busy);
            }
        }

        public override async ValueTask<WriteResult> WriteAsync(
            ulong offset, ReadOnlyMemory<byte> data, CancellationToken ct)
        {
            if (file.Waits)
            {
                await file.WaitAsync(ct);
            }

            lock (file.Written)
            {
                file.Written.Add(data.ToArray());
            }

            return new WriteResult(0, data.Length);
        }

        public override void Dispose()
        {
            if (_disposed || Volatile.Read(ref _busy) != 0)
            {
                throw new InvalidOperationException("Disposed twice, or while a read was under way.");
            }

            _disposed = true;
            file.Tree.Count(-1);
            base.Dispose();
        }

        private ReadResult Read(ulong offset, int count)
        {
            int at = (int)Math.Min(offset, (ulong)file.Bytes.Length);
            int length = Math.Min(count, file.Bytes.Length - at);
            Interlocked.Increment(ref file._leases);
            Lease lease = new(file);
            return file.OnDisk is { } disk
                ? ReadResult.File(disk, at, length, lease)
                : ReadResult.Bytes(file.Bytes.AsMemory(at, length), lease);
        }
    }

    private sealed class Lease(TestFile file) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref file._leases);
    }
}
