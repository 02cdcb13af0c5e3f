using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>Two connected sockets, over which another process passes a descriptor (unix(7), SCM_RIGHTS).</summary>
internal static partial class SocketPair
{
    private const int FamilyUnix = 1;
    private const int StreamCloseOnExec = 1 | 0x80000;
    private const int SetDescriptorFlags = 2;
    private const int DoNotWait = 0x40;
    private const int ReceivedCloseOnExec = 0x40000000;
    private const int LevelSocket = 1;
    private const int Rights = 1;

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct IoVector
    {
        public void* Base;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Parts;
        public nuint PartCount;
        public Control* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Control
    {
        public nuint Length;
        public int Level;
        public int Type;
        public int Descriptor;
    }

    /// <exception cref="FuseException">There are no more descriptors.</exception>
    public static unsafe (SafeFileHandle Ours, SafeFileHandle Theirs) Create()
    {
        int* pair = stackalloc int[2];
        if (SocketPairNative(FamilyUnix, StreamCloseOnExec, 0, pair) != 0)
        {
            throw new FuseException("no socket for fusermount3", (Errno)Marshal.GetLastPInvokeError());
        }

        return (new SafeFileHandle(pair[0], true), new SafeFileHandle(pair[1], true));
    }

    /// <summary>Programs that are started from now on have it too.</summary>
    public static void Inherit(SafeHandle socket) => _ = FcntlNative(socket, SetDescriptorFlags, 0);

    /// <summary>The descriptor that has been sent, if one was; does not wait.</summary>
    public static unsafe SafeFileHandle? Receive(SafeHandle socket)
    {
        byte one = 0;
        IoVector part = new() { Base = &one, Length = 1 };
        Control control = default;
        MessageHeader message = new()
        {
            Parts = &part,
            PartCount = 1,
            Control = &control,
            ControlLength = (nuint)sizeof(Control),
        };
        nint received = ReceiveNative(socket, &message, DoNotWait | ReceivedCloseOnExec);
        return received == 1 && control is { Level: LevelSocket, Type: Rights, Descriptor: > 0 }
            ? new SafeFileHandle(control.Descriptor, ownsHandle: true)
            : null;
    }

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    private static unsafe partial int SocketPairNative(int family, int type, int protocol, int* pair);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FcntlNative(SafeHandle file, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static unsafe partial nint ReceiveNative(SafeHandle socket, MessageHeader* message, int flags);
}
