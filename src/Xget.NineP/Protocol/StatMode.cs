namespace Xget.NineP;

/// <summary>Turns st_mode into the mode of a stat record (stat(5); .u: net/9p's P9_DM bits) and back.</summary>
internal static class StatMode
{
    public const uint TypeMask = 0xF000;
    public const uint Socket = 0xC000;
    public const uint Symlink = 0xA000;
    public const uint Regular = 0x8000;
    public const uint BlockDevice = 0x6000;
    public const uint Directory = 0x4000;
    public const uint CharacterDevice = 0x2000;
    public const uint Fifo = 0x1000;

    private const uint DmDirectory = 0x80000000;
    private const uint DmSymlink = 0x02000000;
    private const uint DmDevice = 0x00800000;
    private const uint DmNamedPipe = 0x00200000;
    private const uint DmSocket = 0x00100000;
    private const uint DmSetUid = 0x00080000;
    private const uint DmSetGid = 0x00040000;
    private const uint DmSticky = 0x00010000;

    public static uint FromUnix(uint mode, Dialect dialect)
    {
        uint result = mode & 0x1FF;
        uint type = mode & TypeMask;
        if (type == Directory)
        {
            result |= DmDirectory;
        }

        if (dialect != Dialect.NineP2000u)
        {
            return result;
        }

        result |= type switch
        {
            Symlink => DmSymlink,
            BlockDevice or CharacterDevice => DmDevice,
            Fifo => DmNamedPipe,
            Socket => DmSocket,
            _ => 0,
        };
        result |= (mode & 0x800) != 0 ? DmSetUid : 0;
        result |= (mode & 0x400) != 0 ? DmSetGid : 0;
        result |= (mode & 0x200) != 0 ? DmSticky : 0;
        return result;
    }

    /// <summary>st_mode of a record; a device's extension tells which kind it is.</summary>
    public static uint ToUnix(uint mode, ReadOnlySpan<byte> extension)
    {
        uint type = mode switch
        {
            _ when (mode & DmDirectory) != 0 => Directory,
            _ when (mode & DmSymlink) != 0 => Symlink,
            _ when (mode & DmDevice) != 0 => extension.StartsWith("b"u8) ? BlockDevice : CharacterDevice,
            _ when (mode & DmNamedPipe) != 0 => Fifo,
            _ when (mode & DmSocket) != 0 => Socket,
            _ => Regular,
        };
        uint result = (mode & 0x1FF) | type;
        result |= (mode & DmSetUid) != 0 ? 0x800u : 0;
        result |= (mode & DmSetGid) != 0 ? 0x400u : 0;
        result |= (mode & DmSticky) != 0 ? 0x200u : 0;
        return result;
    }
}
