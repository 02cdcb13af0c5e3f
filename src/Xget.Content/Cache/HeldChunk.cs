namespace Xget.Content.Cache;

/// <summary>A verified chunk in memory. Its bytes never change, and stay as long as a reader has them.</summary>
internal sealed class HeldChunk(CachedContent owner, int number, byte[] bytes)
{
    public CachedContent Owner { get; } = owner;

    public int Number { get; } = number;

    public byte[] Bytes { get; } = bytes;

    /// <summary>Where <see cref="ReadThrough"/> has it, and null once it does not; only it looks at this.</summary>
    public LinkedListNode<HeldChunk>? Place { get; set; }
}
