namespace Xget.NineP;

/// <summary>How a field lies on the wire; all numbers are little endian.</summary>
internal enum FieldKind : byte
{
    U8,
    U16,
    U32,
    U64,

    /// <summary>type[1] version[4] path[8].</summary>
    Qid,

    /// <summary>len[2] and that many bytes.</summary>
    String,

    /// <summary>count[4] and that many bytes, to the message's end.</summary>
    Data,

    /// <summary>n[2] and that many strings.</summary>
    Names,

    /// <summary>n[2] and that many qids.</summary>
    Qids,

    /// <summary>n[2] and a stat record of that many bytes, which starts with its own size[2].</summary>
    Stat,

    /// <summary>A number[4] that old peers leave out.</summary>
    OptionalU32,
}
