namespace Xget.Fuse.Tests.Mounting;

/// <summary>Tests that mount run one after the other, as some count what is left behind.</summary>
[CollectionDefinition("mounts", DisableParallelization = true)]
public class MountCollection;
