namespace Xget.Testing;

/// <summary>One direction of a connection in memory, with a bounded buffer; an empty pipe holds none.</summary>
internal sealed class MemoryPipe(int capacity)
{
    private readonly Lock _gate = new();
    private byte[]? _ring;
    private int _first;
    private int _count;
    private bool _ended;
    private bool _broken;
    private bool _stalled;
    private TaskCompletionSource? _changed;

    /// <summary>While stalled the reader sees nothing, so that the buffer fills and the writer waits.</summary>
    public bool Stalled
    {
        get => _stalled;
        set => Change(() => _stalled = value);
    }

    public void End() => Change(() => _ended = true);

    public void Break() => Change(() => _broken = true);

    public async ValueTask<int> ReadAsync(Memory<byte> to, CancellationToken ct)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_broken)
                {
                    throw new IOException("The connection was reset.");
                }

                if (!_stalled && (_count > 0 || _ended))
                {
                    return Take(to.Span);
                }

                changed = Changed();
            }

            await changed.WaitAsync(ct);
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_broken || _ended)
                {
                    throw new IOException("The connection is closed.");
                }

                data = data[Put(data.Span)..];
                if (data.IsEmpty)
                {
                    return;
                }

                changed = Changed();
            }

            await changed.WaitAsync(ct);
        }
    }

    private int Take(Span<byte> to)
    {
        int taken = Math.Min(to.Length, _count);
        for (int done = 0; done < taken;)
        {
            int run = Math.Min(taken - done, capacity - _first);
            _ring.AsSpan(_first, run).CopyTo(to[done..]);
            done += run;
            _first = (_first + run) % capacity;
        }

        _count -= taken;
        if (_count == 0)
        {
            _ring = null;
            _first = 0;
        }

        if (taken > 0)
        {
            Signal();
        }

        return taken;
    }

    private int Put(ReadOnlySpan<byte> data)
    {
        int put = Math.Min(data.Length, capacity - _count);
        _ring ??= new byte[capacity];
        for (int done = 0; done < put;)
        {
            int at = (_first + _count) % capacity;
            int run = Math.Min(put - done, capacity - at);
            data.Slice(done, run).CopyTo(_ring.AsSpan(at));
            done += run;
            _count += run;
        }

        if (put > 0)
        {
            Signal();
        }

        return put;
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            Signal();
        }
    }

    private Task Changed() =>
        (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private void Signal()
    {
        _changed?.SetResult();
        _changed = null;
    }
}
