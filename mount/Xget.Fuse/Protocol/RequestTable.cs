namespace Xget.Fuse;

/// <summary>
/// The requests of a connection: those in flight by their unique number, so that they can be interrupted, and spare
/// ones. Thread-safe.
/// </summary>
internal sealed class RequestTable(FuseCore core, int bufferSize)
{
    private const int MostKept = 64;
    private readonly Lock _gate = new();
    private readonly Stack<FuseRequest> _spare = [];
    private readonly Dictionary<ulong, FuseRequest> _inFlight = [];

    // Interrupts whose request was not yet known, since another thread was just reading it, or no longer.
    private readonly ulong[] _unmatched = new ulong[64];
    private int _nextUnmatched;
    private bool _hasUnmatched;
    private TaskCompletionSource? _drained;

    /// <summary>A request to read into; to be begun or given back.</summary>
    public FuseRequest Rent()
    {
        lock (_gate)
        {
            if (_spare.TryPop(out FuseRequest? request))
            {
                return request;
            }
        }

        return new FuseRequest(core, bufferSize);
    }

    /// <summary>Gives back a request that nobody uses.</summary>
    public void Return(FuseRequest request)
    {
        request.Reset();
        lock (_gate)
        {
            if (_spare.Count < MostKept)
            {
                _spare.Push(request);
            }
        }
    }

    /// <summary>The request is in flight until <see cref="End"/>.</summary>
    public void Begin(FuseRequest request)
    {
        bool interrupted;
        lock (_gate)
        {
            _inFlight.TryAdd(request.Unique, request);
            interrupted = _drained is not null
                || (_hasUnmatched && _unmatched.AsSpan().Contains(request.Unique));
        }

        if (interrupted)
        {
            request.Interrupt();
        }
    }

    /// <summary>The request has ended and its reply is sent.</summary>
    public void End(FuseRequest request)
    {
        lock (_gate)
        {
            if (_inFlight.TryGetValue(request.Unique, out FuseRequest? known) && known == request)
            {
                _inFlight.Remove(request.Unique);
            }

            if (_inFlight.Count == 0)
            {
                _drained?.TrySetResult();
            }
        }

        Release(request);
    }

    /// <summary>Interrupts a request, which may not have been begun yet or may have ended.</summary>
    public void Interrupt(ulong unique)
    {
        FuseRequest? request;
        lock (_gate)
        {
            if (!_inFlight.TryGetValue(unique, out request))
            {
                _hasUnmatched = true;
                _unmatched[_nextUnmatched] = unique;
                _nextUnmatched = (_nextUnmatched + 1) % _unmatched.Length;
                return;
            }

            request.Hold();
        }

        request.Interrupt();
        Release(request);
    }

    /// <summary>Interrupts all requests, those to come as well; the task ends when none is in flight.</summary>
    public Task DrainAsync()
    {
        Task drained;
        lock (_gate)
        {
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            drained = _drained.Task;
            if (_inFlight.Count == 0)
            {
                _drained.TrySetResult();
            }
        }

        ForEach(static request => request.Interrupt());
        return drained;
    }

    /// <summary>Calls <paramref name="action"/> for each request in flight, outside any lock.</summary>
    public void ForEach(Action<FuseRequest> action)
    {
        FuseRequest[] requests;
        lock (_gate)
        {
            requests = [.. _inFlight.Values];
            foreach (FuseRequest request in requests)
            {
                request.Hold();
            }
        }

        foreach (FuseRequest request in requests)
        {
            action(request);
            Release(request);
        }
    }

    private void Release(FuseRequest request)
    {
        if (request.Release())
        {
            Return(request);
        }
    }
}
