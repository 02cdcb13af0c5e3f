namespace Xget.NineP;

/// <summary>A file's kind as far as a qid tells it: the upper eight bits of a Plan 9 mode.</summary>
[Flags]
public enum QidType : byte
{
    /// <summary>A plain file, or a device, fifo or socket.</summary>
    File = 0,

    /// <summary>A symbolic link (9P2000.u and .L).</summary>
    Symlink = 0x02,

    /// <summary>A file that is not kept in backups.</summary>
    Temporary = 0x04,

    /// <summary>The file behind a Tauth.</summary>
    Authentication = 0x08,

    /// <summary>A file that only one may have open.</summary>
    Exclusive = 0x20,

    /// <summary>A file that only grows.</summary>
    Append = 0x40,

    /// <summary>A directory.</summary>
    Directory = 0x80,
}
