namespace Xget.Fuse;

/// <summary>A node's attributes and how long the kernel may believe them.</summary>
/// <param name="Attr">The attributes.</param>
/// <param name="Valid">From 0 to <see cref="EntryOut.Forever"/>.</param>
public readonly record struct AttrOut(FuseAttr Attr, TimeSpan Valid);
