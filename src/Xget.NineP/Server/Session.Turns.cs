namespace Xget.NineP;

/// <summary>Turns: how much is done for the peer before others come, and whether it is done behind them.</summary>
internal sealed partial class Session
{
    /// <summary>Receives after which others get their turn, however little they brought.</summary>
    private const int MostReceives = 64;

    /// <summary>Requests after which others get their turn, however cheap they were.</summary>
    private const int MostRequests = 1024;

    /// <summary>What a receive and a send cost besides the requests, about, in microseconds.</summary>
    private const int ReceiveCost = 5;

    /// <summary>A connection that uses more than a quarter of a processor gets its turns behind the others.</summary>
    private const int SharePart = 4;

    private WorkShare _share;
    private long _turnTime; // of a turn, in ticks of the clock
    private long _work; // since the turn began,
    private long _spent; // and what of it has been counted for its address
    private long _at; // when the request that is served began
    private int _receives;
    private int _requests;
    private bool _isTurnOver;
    private bool _isBehind;

    /// <summary>When the peer was heard last.</summary>
    public long Heard { get; private set; }

    private void BeginTurns()
    {
        _turnTime = Ticks(_server.Limits.TurnTime);
        _share = new WorkShare(SharePart, 4 * _turnTime);
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _server.Time.TimestampFrequency);

    /// <summary>Something is received: if that is waited for, others have had their turn when it comes.</summary>
    private void Received(bool isThere)
    {
        if (!isThere)
        {
            BeginTurn();
        }
        else if (++_receives >= MostReceives)
        {
            _isTurnOver = true;
        }
    }

    private void BeginTurn()
    {
        _work = 0;
        _spent = 0;
        _receives = 0;
        _requests = 0;
        _isTurnOver = false;
    }

    /// <summary>Whether what has come is to be served behind what others want. The time of what follows counts from here.</summary>
    private bool IsBehind()
    {
        _at = _server.Time.GetTimestamp();
        Heard = _at;
        return _isTurnOver || _isBehind;
    }

    private async ValueTask NextTurnAsync()
    {
        Spend();
        BeginTurn();
        await _server.Turns.NextAsync(Address);
        _at = _server.Time.GetTimestamp();
    }

    /// <summary>A request has been served; true if the turn is over.</summary>
    private bool Worked()
    {
        long now = _server.Time.GetTimestamp();
        _work += now - _at;
        _at = now;
        _isTurnOver |= _work >= _turnTime || ++_requests >= MostRequests;
        return _isTurnOver;
    }

    /// <summary>Counts what has been done: for the connection, and for its address what is within the connection's own share.</summary>
    private void Spend()
    {
        long work = _work - _spent + (ReceiveCost * _server.Time.TimestampFrequency / 1_000_000);
        _spent = _work;
        _share.Spend(work, _at);
        bool isHeavy = _share.IsExceeded(_at);
        _isBehind = Address.Spend(isHeavy ? 0 : work, _at) || isHeavy;
    }
}
