namespace Xget.Node.Copying;

/// <summary>An entry that a copy could not make, and all that is in it if it is a directory. Immutable.</summary>
/// <param name="Path">Its path below the destination, printable.</param>
/// <param name="Reason">Why, in a few words for people.</param>
public sealed record CopyFailure(string Path, string Reason);
