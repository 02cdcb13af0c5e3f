using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Xget.Fuse;

/// <summary>
/// Who asks, and whether they still want to know. Reused: valid until the task of the method that it was given to has
/// ended. Thread-safe.
/// </summary>
public sealed partial class FuseRequest
{
    private readonly Lock _gate = new();
    private InHeader _header;
    private CancellationTokenSource? _interruption;
    private bool _interrupted;
    private int _uses;

    internal FuseRequest(FuseCore core, int bufferSize)
    {
        Core = core;
        Buffer = GC.AllocateUninitializedArray<byte>(bufferSize, pinned: true);
    }

    /// <summary>The request's number, never used twice in one connection.</summary>
    public ulong Unique => _header.Unique;

    /// <summary>The node that the request is about.</summary>
    public ulong NodeId => _header.NodeId;

    /// <summary>The caller's user id.</summary>
    public uint Uid => _header.Uid;

    /// <summary>The caller's group id.</summary>
    public uint Gid => _header.Gid;

    /// <summary>The caller's thread id, or 0 where there is none, as in read-ahead.</summary>
    public uint Pid => _header.Pid;

    /// <summary>
    /// Cancelled when the caller was sent a signal (any that it does not ignore, so not only fatal ones) or the
    /// connection ends: answer soon, with EINTR or whatever is known. Made on first use.
    /// </summary>
    public CancellationToken Interrupted
    {
        get
        {
            lock (_gate)
            {
                if (_interrupted && _interruption is null)
                {
                    return new CancellationToken(true);
                }

                _interruption ??= new CancellationTokenSource();
                return _interruption.Token;
            }
        }
    }

    internal FuseCore Core { get; }

    /// <summary>What the device is read into.</summary>
    internal byte[] Buffer { get; }

    /// <summary>Where the request came from, and its reply goes to.</summary>
    internal FuseChannel Channel { get; private set; } = null!;

    internal FuseOpcode Opcode => _header.Opcode;

    internal InHeader Header => _header;

    /// <summary>What follows the header.</summary>
    internal ReadOnlyMemory<byte> Body { get; private set; }

    /// <summary>Where a directory's entries are put together.</summary>
    internal DirectoryWriter Entries { get; } = new();

    /// <summary>Takes what was read into <see cref="Buffer"/>.</summary>
    /// <returns>Whether it is a request, of which at least the header can be believed.</returns>
    internal bool Arrived(FuseChannel channel, int length)
    {
        Channel = channel;
        _uses = 1;
        _answered = 0;
        if (length < Unsafe.SizeOf<InHeader>())
        {
            return false;
        }

        _header = MemoryMarshal.Read<InHeader>(Buffer);
        Body = Buffer.AsMemory(Unsafe.SizeOf<InHeader>(), length - Unsafe.SizeOf<InHeader>());
        return _header.Unique != 0;
    }

    /// <summary>The fixed part of the body; what the kernel did not send is 0.</summary>
    internal T Fixed<T>() where T : unmanaged
    {
        if (Body.Length >= Unsafe.SizeOf<T>())
        {
            return MemoryMarshal.Read<T>(Body.Span);
        }

        T value = default;
        Body.Span.CopyTo(MemoryMarshal.AsBytes(new Span<T>(ref value)));
        return value;
    }

    internal void Interrupt()
    {
        CancellationTokenSource? interruption;
        lock (_gate)
        {
            _interrupted = true;
            interruption = _interruption;
        }

        // Elsewhere, since whatever waits for it goes on in that call.
        if (interruption is not null)
        {
            _ = interruption.CancelAsync();
        }
    }

    /// <summary>One more user, who calls <see cref="Release"/> when done.</summary>
    internal void Hold() => Interlocked.Increment(ref _uses);

    /// <summary>Ends one use; true for the last.</summary>
    internal bool Release() => Interlocked.Decrement(ref _uses) == 0;

    internal void Reset()
    {
        lock (_gate)
        {
            _interrupted = false;
            if (_interruption?.TryReset() == false)
            {
                _interruption = null;
            }
        }

        Body = default;
    }
}
