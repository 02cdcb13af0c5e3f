using Xget.Content;

namespace Xget.Node.Copying;

/// <summary>A directory object that has been read, once, for all places where it stands.</summary>
internal sealed class ReadDirectory(DirectoryObject its)
{
    /// <summary>What was read.</summary>
    internal DirectoryObject Object => its;

    /// <summary>How much the tree below takes; null until that is reckoned.</summary>
    internal TreeSize? Size { get; set; }
}
