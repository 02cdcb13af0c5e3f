namespace Xget.NineP;

/// <summary>A server's spare <see cref="Outstanding"/>s, shared by its connections. Thread-safe.</summary>
internal sealed class OutstandingPool
{
    private const int MostKept = 1024;
    private readonly Lock _gate = new();
    private readonly Stack<Outstanding> _spare = [];

    public Outstanding Rent()
    {
        lock (_gate)
        {
            if (_spare.TryPop(out Outstanding? request))
            {
                return request;
            }
        }

        return new Outstanding(this);
    }

    public void Return(Outstanding request)
    {
        lock (_gate)
        {
            if (_spare.Count < MostKept)
            {
                _spare.Push(request);
            }
        }
    }
}
