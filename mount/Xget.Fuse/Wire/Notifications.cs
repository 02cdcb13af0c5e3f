using System.Runtime.InteropServices;

namespace Xget.Fuse;

/// <summary>What a notification is about (enum fuse_notify_code).</summary>
internal enum NotifyCode
{
    InvalInode = 2,
    InvalEntry = 3,
    Store = 4,
    Delete = 6,
    IncEpoch = 8,
    Prune = 9,
}

/// <summary>struct fuse_notify_inval_inode_out.</summary>
internal readonly record struct NotifyInvalInode(ulong Ino, long Off, long Len);

/// <summary>struct fuse_notify_inval_entry_out, followed by the name and a NUL.</summary>
internal readonly record struct NotifyInvalEntry(ulong Parent, uint NameLen, uint Flags)
{
    /// <summary>FUSE_EXPIRE_ONLY.</summary>
    public const uint ExpireOnly = 1;
}

/// <summary>struct fuse_notify_store_out, followed by the data.</summary>
[StructLayout(LayoutKind.Sequential, Size = 24)]
internal readonly record struct NotifyStore(ulong NodeId, ulong Offset, uint Size);

/// <summary>struct fuse_notify_delete_out, followed by the name and a NUL.</summary>
[StructLayout(LayoutKind.Sequential, Size = 24)]
internal readonly record struct NotifyDelete(ulong Parent, ulong Child, uint NameLen);

/// <summary>struct fuse_notify_prune_out, followed by the node ids.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal readonly record struct NotifyPrune(uint Count);
