namespace Xget.Content.Cache;

/// <summary>What a data file was when we last wrote it: if it is not that now, others have changed it.</summary>
internal sealed class LeftFile(FileIdentity identity)
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
