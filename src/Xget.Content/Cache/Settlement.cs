namespace Xget.Content.Cache;

/// <summary>What a data file was when all of it was there and nobody wrote into it any more.</summary>
internal sealed class Settlement(FileIdentity identity)
{
    private volatile bool _isVerified;

    public FileIdentity Identity { get; } = identity;

    /// <summary>True once all bytes were hashed as they are in the file.</summary>
    public bool IsVerified
    {
        get => _isVerified;
        set => _isVerified = value;
    }
}
