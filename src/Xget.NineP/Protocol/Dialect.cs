namespace Xget.NineP;

/// <summary>The protocol's three dialects, in the order in which they grew.</summary>
public enum Dialect : byte
{
    /// <summary><c>9P2000</c>, as Plan 9 speaks it: names for users, text for errors.</summary>
    NineP2000,

    /// <summary><c>9P2000.u</c>: the same messages with numbers for users and errors, symlinks and devices.</summary>
    NineP2000u,

    /// <summary><c>9P2000.L</c>: messages of their own that follow Linux's system calls.</summary>
    NineP2000L,
}
