using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>The mode of Topen (open(5): OREAD 0, OWRITE 1, ORDWR 2, OEXEC 3, OTRUNC 0x10) and open(2)'s flags.</summary>
internal static class OpenModes
{
    private const byte AccessMask = 0x03;
    private const byte Execute = 0x03;
    private const byte Truncate = 0x10;
    private const byte CloseOnExec = 0x20;
    private const byte RemoveOnClose = 0x40;
    private const byte Append = 0x80;

    /// <summary>The flags of a mode; removal on close is a change and so EROFS.</summary>
    public static Errno ToFlags(byte mode, out OpenFlags flags)
    {
        flags = (mode & AccessMask) == Execute ? OpenFlags.O_RDONLY : (OpenFlags)(mode & AccessMask);
        flags |= (mode & Truncate) != 0 ? OpenFlags.O_TRUNC : 0;
        flags |= (mode & Append) != 0 ? OpenFlags.O_APPEND : 0;
        const int Known = AccessMask | Truncate | CloseOnExec | RemoveOnClose | Append;
        if ((mode & ~Known) != 0)
        {
            return Errno.EINVAL;
        }

        return (mode & RemoveOnClose) != 0 ? Errno.EROFS : 0;
    }

    /// <summary>The mode for open(2)'s flags.</summary>
    public static byte FromFlags(OpenFlags flags) =>
        (byte)(((int)flags & AccessMask) | ((flags & OpenFlags.O_TRUNC) != 0 ? Truncate : 0));

    public static bool Reads(OpenFlags flags) => ((int)flags & AccessMask) != (int)OpenFlags.O_WRONLY;

    public static bool Writes(OpenFlags flags) => ((int)flags & AccessMask) != (int)OpenFlags.O_RDONLY;
}
