namespace Xget.NineP;

/// <summary>The protocol's numbers that are neither a message nor a flag.</summary>
public static class NinePLimits
{
    /// <summary>The tag of Tversion.</summary>
    public const ushort NoTag = 0xFFFF;

    /// <summary>"No fid", the afid of a Tattach without authentication.</summary>
    public const uint NoFid = 0xFFFFFFFF;

    /// <summary>"No number for the user" in Tauth and Tattach.</summary>
    public const uint NoNUname = 0xFFFFFFFF;

    /// <summary>Most names in one Twalk.</summary>
    public const int MaxWalkNames = 16;

    /// <summary>Bytes of size[4] type[1] tag[2].</summary>
    public const int HeaderSize = 7;

    /// <summary>Bytes of an Rread or Rreaddir before its data.</summary>
    public const int ReadHeaderSize = 11;

    /// <summary>Bytes that the largest message around data may need: the most one Tread or Twrite moves is msize - 24.</summary>
    public const int IoHeaderSize = 24;

    /// <summary>Least msize that is spoken; the largest fixed message, Rwalk, needs 217.</summary>
    public const int MinMsize = 256;
}
