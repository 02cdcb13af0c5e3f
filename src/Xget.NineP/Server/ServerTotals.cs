namespace Xget.NineP;

/// <summary>What all peers of a server hold, and the counts of an address, which are parts of it.</summary>
internal sealed class ServerTotals(ServerLimits limits, TimeProvider time)
{
    private readonly Quota _held = new(nameof(ServerLimits.MaxHeldBytes), limits.MaxHeldBytes);
    private readonly Quota _waiting = new(nameof(ServerLimits.MaxWaitingInAll), limits.MaxWaitingInAll);
    private readonly Quota _frames = new(nameof(ServerLimits.MaxFrameBytes), limits.MaxFrameBytes);
    private readonly Quota _replies = new(nameof(ServerLimits.MaxReplyBytes), limits.MaxReplyBytes);

    public Quota HeldOf() => new(nameof(ServerLimits.MaxHeldBytesPerAddress), limits.MaxHeldBytesPerAddress, _held);

    public Quota WaitingOf() => new(nameof(ServerLimits.MaxWaitingPerAddress), limits.MaxWaitingPerAddress, _waiting);

    public Quota FramesOf() => new(nameof(ServerLimits.MaxFrameBytesPerAddress), limits.MaxFrameBytesPerAddress, _frames);

    public Quota RepliesOf() => new(nameof(ServerLimits.MaxReplyBytesPerAddress), limits.MaxReplyBytesPerAddress, _replies);

    public ComplaintShare ComplaintsOf() => new(limits.MaxComplaints, time);

    /// <summary>Whether the count is that of all peers rather than of one address.</summary>
    public bool IsOfAll(Quota quota) => quota == _held || quota == _waiting || quota == _frames || quota == _replies;
}
