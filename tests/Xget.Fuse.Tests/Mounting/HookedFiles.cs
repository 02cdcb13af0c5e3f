using Mono.Unix.Native;

namespace Xget.Fuse.Tests.Mounting;

/// <summary>A tree in memory whose opens and reads a test does in another way.</summary>
internal sealed class HookedFiles : MemoryFiles
{
    public Func<Node, OpenOut>? OnOpen { get; set; }

    public Func<FuseRequest, ulong, int, ValueTask<FuseResult<FuseData>>>? OnRead { get; set; }

    public Func<FuseRequest, ValueTask<FuseResult<EntryOut>>>? OnLookup { get; set; }

    public Action? OnInit { get; set; }

    public int Destroyed { get; private set; }

    public TaskCompletionSource<ulong> Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<(ulong NodeId, ulong Count)> Forgotten { get; } =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override void Init(FuseConnection connection)
    {
        base.Init(connection);
        OnInit?.Invoke();
    }

    public override void Destroy() => Destroyed++;

    public override void Forget(ulong nodeid, ulong count) => Forgotten.TrySetResult((nodeid, count));

    public override ValueTask<FuseResult<EntryOut>> LookupAsync(FuseRequest request, ulong parent,
        ReadOnlyMemory<byte> name) => OnLookup?.Invoke(request) ?? base.LookupAsync(request, parent, name);

    public override ValueTask<FuseResult<OpenOut>> OpenAsync(FuseRequest request, ulong nodeid, OpenFlags flags) =>
        OnOpen is null ? base.OpenAsync(request, nodeid, flags) : OnOpen(Find(nodeid)).AsAnswer();

    public override ValueTask<FuseResult<FuseData>> ReadAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset,
        int size) => OnRead?.Invoke(request, offset, size) ?? base.ReadAsync(request, nodeid, fh, offset, size);

    public override ValueTask<Errno> ReleaseAsync(FuseRequest request, ulong nodeid, ulong fh)
    {
        Released.TrySetResult(nodeid);
        return base.ReleaseAsync(request, nodeid, fh);
    }
}
