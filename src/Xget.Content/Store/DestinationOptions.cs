namespace Xget.Content.Store;

/// <summary>What a destination keeps of the source's metadata, and where unfinished contents wait.</summary>
public sealed record DestinationOptions
{
    /// <summary>Give files their source's owner and group; the default is to do so when running as root.</summary>
    public bool KeepOwner { get; init; } = NativeStore.EffectiveUser == 0;

    /// <summary>
    /// Give files their source's mode. False (the tool's -s and -o) leaves mode and owner alone: a replaced file's stay
    /// as they were, a new file gets the source's rwx bits under the umask.
    /// </summary>
    public bool KeepMode { get; init; } = true;

    /// <summary>
    /// The name, in the destination's root, of the directory for unfinished contents. The tree that is copied must not
    /// use the same name there.
    /// </summary>
    public FileName PartialName { get; init; } = FileName.Of(".xget-partial"u8);
}
