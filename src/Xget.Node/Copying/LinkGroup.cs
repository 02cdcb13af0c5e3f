using Xget.Content;
using Xget.Content.Store;

namespace Xget.Node.Copying;

/// <summary>The names, within a plan, of one file that has several. Its first name is where its bytes go.</summary>
internal sealed class LinkGroup(DestinationPath first, DataReference data, EntryAttributes attributes)
{
    /// <summary>The name that came first.</summary>
    internal DestinationPath First => first;

    /// <summary>What the file is.</summary>
    internal EntryAttributes Attributes => attributes;

    /// <summary>The other names.</summary>
    internal List<DestinationPath> Others { get; } = [];

    /// <summary>The name under which the file is in place; null while it is under none.</summary>
    internal DestinationPath? Placed { get; set; }

    /// <summary>Whether another entry can be the same file: whoever made the directories may say anything.</summary>
    internal bool Has(DataReference otherData, EntryAttributes other) => otherData == data
        && (other.Type, other.Size, other.RdevMajor, other.RdevMinor)
            == (attributes.Type, attributes.Size, attributes.RdevMajor, attributes.RdevMinor)
        && other.SymlinkTarget.AsSpan().SequenceEqual(attributes.SymlinkTarget);
}
