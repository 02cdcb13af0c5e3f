namespace Xget.Content;

/// <summary>What a directory entry is; the numbers are those of the directory object.</summary>
public enum EntryType : byte
{
    /// <summary>Nothing; in no valid entry.</summary>
    None = 0,

    /// <summary>A regular file.</summary>
    Regular = 1,

    /// <summary>A directory.</summary>
    Directory = 2,

    /// <summary>A symbolic link.</summary>
    Symlink = 3,

    /// <summary>A character device.</summary>
    Character = 4,

    /// <summary>A block device.</summary>
    Block = 5,

    /// <summary>A named pipe.</summary>
    Fifo = 6,

    /// <summary>A local socket.</summary>
    Socket = 7,
}
