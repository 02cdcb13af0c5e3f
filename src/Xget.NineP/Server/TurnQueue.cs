using System.Runtime.CompilerServices;

namespace Xget.NineP;

/// <summary>
/// Connections that have more to do than fits into a turn, or whose address has had its share: they get their turns here, a few at a
/// time, one address after the other and one connection of it after the other, away from the threads that serve the rest. Thread-safe.
/// </summary>
/// <param name="most">Most turns at a time.</param>
internal sealed class TurnQueue(int most) : IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    private readonly Queue<PeerAddress> _ready = [];
    private int _running;
    private int _due; // those of them that have not begun: never more than addresses are ready

    /// <summary>Awaited, it ends when the next turn of that address's connection has come.</summary>
    public Turn NextAsync(PeerAddress address) => new(this, address);

    /// <summary>One turn, which lasts until the connection waits for something; then the thread is free for others.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        Action turn;
        lock (_gate)
        {
            _due--;
            PeerAddress address = _ready.Dequeue();
            turn = address.Turns.Dequeue();
            if (address.Turns.Count > 0)
            {
                _ready.Enqueue(address);
            }
        }

        turn();
        lock (_gate)
        {
            if (_due == _ready.Count)
            {
                _running--;
                return;
            }

            _due++;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void Add(PeerAddress address, Action turn)
    {
        lock (_gate)
        {
            address.Turns.Enqueue(turn);
            if (address.Turns.Count == 1)
            {
                _ready.Enqueue(address);
            }

            if (_running == most || _due == _ready.Count)
            {
                return;
            }

            _running++;
            _due++;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>A turn to come.</summary>
    internal readonly struct Turn(TurnQueue queue, PeerAddress address) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public Turn GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => queue.Add(address, continuation);

        public void UnsafeOnCompleted(Action continuation) => queue.Add(address, continuation);
    }
}
