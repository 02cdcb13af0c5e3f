namespace Xget.Fuse;

/// <summary>
/// The answer to a look-up: a node, its attributes, and how long the kernel may believe both. Giving one out for a
/// look-up or a READDIRPLUS entry counts one look-up of that node, which <see cref="FuseFileSystem.Forget"/> takes back.
/// </summary>
public readonly record struct EntryOut
{
    /// <summary>As a timeout: until it is invalidated.</summary>
    public static readonly TimeSpan Forever = TimeSpan.MaxValue;

    /// <summary>The node, at least 2 (1 is the root); 0 says that there is no such name, for <see cref="EntryValid"/>.</summary>
    public ulong NodeId { get; init; }

    /// <summary>Together with the node id unique for the life of the mount; may stay 0 if node ids are never reused.</summary>
    public ulong Generation { get; init; }

    /// <summary>How long the name leads there; from 0 to <see cref="Forever"/>.</summary>
    public TimeSpan EntryValid { get; init; }

    /// <summary>How long the attributes are right; from 0 to <see cref="Forever"/>.</summary>
    public TimeSpan AttrValid { get; init; }

    /// <summary>The node's attributes.</summary>
    public FuseAttr Attr { get; init; }

    /// <summary>There is no such name, and need not be asked for again during that time.</summary>
    public static EntryOut Negative(TimeSpan valid) => new() { EntryValid = valid };
}
