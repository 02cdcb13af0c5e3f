using System.Runtime.CompilerServices;
using Mono.Unix.Native;
using Xget.Content;
using Xget.Content.Linux;
using Xget.NineP;
using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>What was asked of parents, until it is here: received, verified, stored, handed to those who wait.</summary>
public sealed partial class Transfer
{
    private readonly Stack<Fetch> _spareFetches = [];
    private List<Fetch>? _spareList;

    /// <summary>Chunks in a row that are asked of a parent: as their stripe has them, or (null) stolen.</summary>
    private readonly record struct Ask(Stripe? Stripe, ParentLink Link, int First, int Count)
    {
        internal int End => First + Count;

        internal ChunkState State => Stripe is not null ? ChunkState.InFlight : ChunkState.Stolen;
    }

    /// <summary>Chunks are about to be asked for. Under the lock.</summary>
    private void Note(ref List<Fetch>? fetches, Ask ask)
    {
        _fetching++;
        ask.Link.RequestStarted();
        foreach (ref ChunkState chunk in _chunks.AsSpan(ask.First, ask.Count))
            chunk |= ask.State;
        Fetch fetch = _spareFetches.TryPop(out Fetch? spare) ? spare : new Fetch(this);
        fetch.Ask = ask;
        (fetches ??= Interlocked.Exchange(ref _spareList, null) ?? []).Add(fetch);
    }

    /// <summary>Asks; requests to one parent leave together.</summary>
    private void Begin(List<Fetch> fetches)
    {
        for (int i = 0; i < fetches.Count;)
        {
            ParentLink link = fetches[i].Ask.Link;
            using (link.Client!.Burst())
            {
                for (; i < fetches.Count && fetches[i].Ask.Link == link; i++)
                {
                    if (fetches[i].Ask.Stripe is not null || link.IsMaster) // the master has everything
                        fetches[i].Begin(link.DataFid);
                    else
                        _ = BeginStealAsync(fetches[i]);
                }
            }
        }
        fetches.Clear();
        Volatile.Write(ref _spareList, fetches);
    }

    private async Task BeginStealAsync(Fetch fetch)
    {
        ParentLink link = fetch.Ask.Link;
        if (await HasTryFidAsync(link))
            fetch.Begin(link.TryFid);
        else
            fetch.Refuse();
    }

    /// <summary>Verifies and stores the chunks that are whole in these bytes; the first one that is not stored, and why.</summary>
    private (int Next, bool Wrong, Errno Stored) Take(int chunk, int end, ReadOnlySpan<byte> bytes)
    {
        while (chunk < end && bytes.Length >= _table!.LengthOf(chunk))
        {
            ReadOnlySpan<byte> its = bytes[.._table.LengthOf(chunk)];
            if (!_table.Matches(chunk, its))
                return (chunk, true, 0);
            if (Store!.Write(chunk, its) is var error and not 0)
                return (chunk, false, error);
            bytes = bytes[its.Length..];
            chunk++;
        }
        return (chunk, false, 0);
    }

    /// <summary>No more of what was asked for will come: the reasons are 0 or null if all is here.</summary>
    private void Ended(Ask ask, FailureReason? failure, Errno error, Errno stored)
    {
        ParentLink link = ask.Link;
        if (ask.Stripe is null && error == Errno.EAGAIN)
        {
            _ = StealLaterAsync(link);
            failure = null;
        }
        if (stored != 0)
            Fail($"cannot write {Name}: {Words.Of(stored)}");
        else if (link.IsMaster && error is Errno.ESTALE or Errno.ENOENT)
            Fail($"{Name} changed on the master while it was served; run again when it has published the new state", Errno.ESTALE);
        else if (failure is { } reason)
            Lose(link, reason);
        Pump();
    }

    /// <summary>
    /// Chunks that a parent was asked for. It gives what it has of them, at least one, and is asked again for the rest.
    /// Reused, with its buffer and its callback, so that asking allocates nothing: memory that is touched for the first time
    /// costs more than the hash of what it is for. One side has it at a time.
    /// </summary>
    private sealed class Fetch
    {
        private readonly Transfer _transfer;
        private readonly Action _answered;
        private readonly LateBuffer _buffer = new();
        private ValueTaskAwaiter<Reply<int>> _reply;
        private uint _fid;
        private ulong _offset;
        private int _next;
        private int _got;

        internal Fetch(Transfer transfer)
        {
            _transfer = transfer;
            _answered = () =>
            {
                if (TakeReply())
                    Read();
            };
        }

        internal Ask Ask { get; set; }

        internal void Begin(uint fid)
        {
            _fid = fid;
            _next = Ask.First;
            _got = 0;
            _offset = _transfer._table!.OffsetOf(_next);
            _buffer.Length = (int)(_transfer._table.EndOf(Ask.End - 1) - _offset);
            Read();
        }

        /// <summary>It cannot be asked for.</summary>
        internal void Refuse()
        {
            _next = Ask.First;
            End(FailureReason.Lost, 0, 0);
        }

        private void Read()
        {
            NinePClient client = Ask.Link.Client!;
            CancellationToken ct = Ask.Link.Cancelled;
            for (bool goesOn = true; goesOn;)
            {
                goesOn = IsAnswered(client.ReadAsync(_fid, _offset + (ulong)_got, _buffer.Memory[_got..], Timeout.InfiniteTimeSpan, ct))
                    && TakeReply();
            }
        }

        /// <summary>Whether the answer is here; if not, it goes on when it is.</summary>
        private bool IsAnswered(ValueTask<Reply<int>> read)
        {
            _reply = read.GetAwaiter();
            bool isHere = _reply.IsCompleted;
            if (!isHere)
                _reply.UnsafeOnCompleted(_answered);
            return isHere;
        }

        /// <summary>A reply is here. True if more must be asked for.</summary>
        private bool TakeReply()
        {
            Reply<int> reply = _reply.GetResult();
            if (!reply.Ok || reply.Value == 0)
            {
                End(reply.Ok ? FailureReason.Corrupt : Ask.Link.HasFailed ? null : FailureReason.Lost, reply.Error, 0);
                return false;
            }
            ChunkTable table = _transfer._table!;
            int first = _next;
            int start = (int)(table.OffsetOf(first) - _offset);
            _got += reply.Value;
            (_next, bool wrong, Errno stored) = _transfer.Take(first, Ask.End, _buffer.GetSpan()[start.._got]);
            bool isEnd = wrong || stored != 0 || _got == _buffer.Length;
            if (isEnd)
                _buffer.Return(); // before those who wait go on: what they fetch next comes into the same, warm memory
            if (_next > first)
            {
                _transfer._node.Counters.Received(Ask.Link.IsMaster, (int)(table.EndOf(_next - 1) - table.OffsetOf(first)));
                _transfer.NoteSource(Ask.Link);
                _transfer.Settle(Ask, first, _next, good: true);
            }
            if (isEnd)
                End(wrong ? FailureReason.Corrupt : null, 0, stored);
            return !isEnd;
        }

        private void End(FailureReason? failure, Errno error, Errno stored)
        {
            Ask ask = Ask;
            int next = _next;
            _buffer.Return();
            _reply = default;
            Ask = default;
            lock (_transfer._gate)
                _transfer._spareFetches.Push(this);
            if (next < ask.End)
                _transfer.Settle(ask, next, ask.End, good: false);
            _transfer.Ended(ask, failure, error, stored);
        }
    }
}
