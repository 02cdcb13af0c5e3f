namespace Xget.Node.Exporting;

/// <summary>How far the master has come with a node that advertises a port.</summary>
internal enum WorkerState
{
    /// <summary>It claims no port, or its claim was refused: it serves nobody.</summary>
    Reader,

    /// <summary>An earlier connection of its address holds the port.</summary>
    Waiting,

    /// <summary>Other workers of its address are tried first.</summary>
    Crowded,

    /// <summary>The master has not reached it, or will try again since others reported it.</summary>
    Unproven,

    /// <summary>The master has reached it: it may be named to others.</summary>
    Proven,
}
