namespace Xget.NineP;

/// <summary>
/// Processor time spent for somebody lately, which is forgotten at a fixed rate: whether it is more than their share. All in ticks of
/// one clock. Its owner guards it.
/// </summary>
/// <param name="part">One tick is forgotten for so many that pass: the share is one of so many.</param>
/// <param name="burst">Ticks that may be spent at once.</param>
internal struct WorkShare(int part, long burst)
{
    /// <summary>What is spent past this many bursts is not remembered, so that everybody recovers soon.</summary>
    private const int MostBursts = 4;

    private long _spent;
    private long _at;

    public void Spend(long ticks, long now)
    {
        _spent = Math.Min(Left(now) + ticks, MostBursts * burst);
        _at = now;
    }

    public readonly bool IsExceeded(long now) => Left(now) > burst;

    private readonly long Left(long now) => Math.Max(0, _spent - ((now - _at) / part));
}
