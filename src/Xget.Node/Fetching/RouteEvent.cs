using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>What can happen to a transfer's routes.</summary>
internal abstract record RouteEvent
{
    /// <summary>A parent cannot be read from any more.</summary>
    internal sealed record ParentFailed(ParentLink Link, FailureReason Reason) : RouteEvent;

    /// <summary>The master has changed the routes, since others came or went.</summary>
    internal sealed record Moved(Registration Registration, RouteLine[] Routes) : RouteEvent;

    /// <summary>The connection to the master is lost, and with it routes and advertisement.</summary>
    internal sealed record MasterLost(MasterLink.Attachment Attachment) : RouteEvent;

    /// <summary>A chunk is asked for, and no route is held for it.</summary>
    internal sealed record Needed : RouteEvent;

    /// <summary>All chunks are here: the routes can be given back.</summary>
    internal sealed record Complete : RouteEvent;
}
