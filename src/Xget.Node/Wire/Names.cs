namespace Xget.Node.Wire;

/// <summary>The names of the control files (DESIGN section 4, PROTOCOL.md).</summary>
public static class Names
{
    /// <summary>The directory of everything that is not the paper's.</summary>
    public const string Xget = ".xget";
    /// <summary>Directory of contents by digest, below <see cref="Xget"/>.</summary>
    public const string Objects = "objects";
    /// <summary>Number, root digest and time of what is published.</summary>
    public const string Generation = "generation";
    /// <summary>Waits for another generation.</summary>
    public const string Next = "next";
    /// <summary>Written to publish anew.</summary>
    public const string Publish = "publish";
    /// <summary>Log records: written by nodes, read by people.</summary>
    public const string Log = "log";
    /// <summary>Figures, one <c>name value</c> a line.</summary>
    public const string Stats = "stats";
    /// <summary>The live distribution tree.</summary>
    public const string Tree = "tree";
    /// <summary>Where to read.</summary>
    public const string Redir = "redir";
    /// <summary>"I serve this".</summary>
    public const string Avail = "avail";
    /// <summary>What a read of <see cref="Avail"/> begins with where the master cannot connect to the node.</summary>
    public const string Unreachable = "unreachable";
    /// <summary>What the bytes must be.</summary>
    public const string Checksum = "checksum";
    /// <summary>The chunk table.</summary>
    public const string Chunks = "chunks";
    /// <summary>How far a worker is.</summary>
    public const string Front = "front";
    /// <summary>The bytes.</summary>
    public const string Data = "data";
    /// <summary>The attach name of the tree as ordinary read-only files.</summary>
    public const string Plain = "plain";
}
