namespace Xget.Content.Store;

/// <summary>Lets any number of writers through until it is shut; shutting waits for those that are inside.</summary>
internal sealed class WriteGate
{
    private const int Shut = int.MinValue;
    private int _state; // writers inside, with the sign bit set once shut

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _state) > 0)
            return true;
        Interlocked.Decrement(ref _state);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _state);

    public void Close()
    {
        Interlocked.Or(ref _state, Shut);
        // A writer inside is in the middle of one system call.
        SpinWait wait = default;
        while (Volatile.Read(ref _state) != Shut)
            wait.SpinOnce();
    }
}
