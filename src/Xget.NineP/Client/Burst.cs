namespace Xget.NineP;

/// <summary>While it lives, a client's requests gather; they leave together when it is disposed.</summary>
public readonly ref struct Burst
{
    private readonly NinePClient _client;

    internal Burst(NinePClient client)
    {
        _client = client;
        client.BeginBurst();
    }

    /// <summary>Lets the requests go.</summary>
    public void Dispose() => _client.EndBurst();
}
