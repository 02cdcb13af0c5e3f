using System.Runtime.CompilerServices;

namespace Xget.Fuse;

/// <summary>Begins an operation.</summary>
/// <param name="files">What does it.</param>
/// <param name="request">The request.</param>
/// <param name="input">The fixed part of its body.</param>
/// <param name="rest">What follows that: a name without its NUL, or anything.</param>
internal delegate ValueTask<TResult> BeginOperation<TIn, TResult>(FuseFileSystem files, FuseRequest request, TIn input,
    ReadOnlyMemory<byte> rest);

/// <summary>Sends what an operation gave.</summary>
internal delegate void EndOperation<TResult>(FuseCore core, FuseRequest request, TResult result);

/// <summary>
/// An operation that the file system does. If its answer is there at once it is sent without allocating; if not, a
/// reused waiter sends it from whatever thread it comes on.
/// </summary>
internal sealed class Operation<TIn, TResult>(FuseOpcode opcode, int names, BeginOperation<TIn, TResult> begin,
    EndOperation<TResult> end)
    : Operation(opcode, typeof(TIn) == typeof(Nothing) ? 0 : Unsafe.SizeOf<TIn>(), names)
    where TIn : unmanaged
{
    private const int MostKept = 256;
    private readonly Lock _gate = new();
    private readonly Stack<Waiter> _spare = [];

    public override string Print(FuseRequest request) => InSize == 0 ? "" : $"{request.Fixed<TIn>()}";

    public override void Run(FuseCore core, FuseRequest request)
    {
        ValueTask<TResult> task;
        try
        {
            ReadOnlyMemory<byte> rest = request.Body[InSize..];
            if (Names == 1)
            {
                rest = rest[..rest.Span.IndexOf((byte)0)];
            }

            task = begin(core.Files, request, request.Fixed<TIn>(), rest);
        }
        catch (Exception e)
        {
            core.Fail(request, e);
            return;
        }

        if (task.IsCompleted)
        {
            End(core, request, task.GetAwaiter());
            return;
        }

        Waiter? waiter;
        lock (_gate)
        {
            _spare.TryPop(out waiter);
        }

        (waiter ?? new Waiter(this)).Await(core, request, task);
    }

    private void End(FuseCore core, FuseRequest request, ValueTaskAwaiter<TResult> awaiter)
    {
        try
        {
            end(core, request, awaiter.GetResult());
        }
        catch (Exception e)
        {
            core.Fail(request, e);
            return;
        }

        core.Requests.End(request);
    }

    private sealed class Waiter
    {
        private readonly Operation<TIn, TResult> _operation;
        private readonly Action _completed;
        private FuseCore? _core;
        private FuseRequest? _request;
        private ValueTaskAwaiter<TResult> _awaiter;

        public Waiter(Operation<TIn, TResult> operation)
        {
            _operation = operation;
            _completed = Completed;
        }

        public void Await(FuseCore core, FuseRequest request, ValueTask<TResult> task)
        {
            _core = core;
            _request = request;
            ValueTaskAwaiter<TResult> awaiter = task.GetAwaiter();
            _awaiter = awaiter;
            awaiter.UnsafeOnCompleted(_completed);
        }

        private void Completed()
        {
            (FuseCore core, FuseRequest request, ValueTaskAwaiter<TResult> awaiter) = (_core!, _request!, _awaiter);
            _core = null;
            _request = null;
            _awaiter = default;
            lock (_operation._gate)
            {
                if (_operation._spare.Count < MostKept)
                {
                    _operation._spare.Push(this);
                }
            }

            _operation.End(core, request, awaiter);
        }
    }
}
