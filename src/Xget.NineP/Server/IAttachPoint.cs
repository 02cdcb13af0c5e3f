using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>What a server exports: the seam between the protocol and its user. Called by any thread.</summary>
public interface IAttachPoint
{
    /// <summary>Decides what, if anything, <paramref name="peer"/> sees as its root.</summary>
    /// <param name="peer">The connection; its user is known after the first attach.</param>
    /// <param name="uname">The user's name, any bytes.</param>
    /// <param name="aname">The name of the tree, any bytes.</param>
    /// <param name="nUname">The user's number, or 0xFFFFFFFF.</param>
    /// <param name="root">The root, when 0 is returned.</param>
    Errno Attach(ServerConnection peer, ReadOnlySpan<byte> uname, ReadOnlySpan<byte> aname, uint nUname,
        out ServedFile? root);

    /// <summary>The connection is gone and all its open files are disposed; called once for each connection.</summary>
    void Disconnected(ServerConnection peer);
}
