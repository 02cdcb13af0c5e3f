namespace Xget.NineP;

/// <summary>One entry of a directory as a client reads it.</summary>
/// <param name="Name">The entry's name, any bytes but '/' and NUL.</param>
/// <param name="Qid">The file's identity.</param>
/// <param name="Type">The kind as readdir(3)'s d_type: DT_DIR 4, DT_REG 8, DT_LNK 10 and so on.</param>
/// <param name="NextOffset">Where to read on after the last entry of a reply.</param>
public readonly record struct DirectoryItem(byte[] Name, Qid Qid, byte Type, ulong NextOffset);
