namespace Xget.Content.Store;

/// <summary>A file of the destination whose bytes are part of a pack.</summary>
/// <param name="Path">Where the file is, or will be.</param>
/// <param name="Data">Which bytes of the pack are its own; all of them.</param>
/// <param name="Attributes">The file's metadata, of which only the number of its names is looked at.</param>
public sealed record PackMember(DestinationPath Path, DataReference Data, EntryAttributes Attributes);
