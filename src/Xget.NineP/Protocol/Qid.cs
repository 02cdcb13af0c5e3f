namespace Xget.NineP;

/// <summary>What a server calls a file: equal qids are the same file in the same state (intro(5) of Plan 9).</summary>
/// <param name="Type">The file's kind.</param>
/// <param name="Version">Changes with the file's bytes; Linux takes 0 as "do not cache".</param>
/// <param name="Path">Unique among the files of a server for as long as it runs.</param>
public readonly record struct Qid(QidType Type, uint Version, ulong Path)
{
    /// <summary>Bytes on the wire: type[1] version[4] path[8].</summary>
    public const int Size = 13;

    /// <summary>Whether the file is a directory.</summary>
    public bool IsDirectory => (Type & QidType.Directory) != 0;
}
