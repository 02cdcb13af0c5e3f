namespace Xget.Node.Tests;

/// <summary>Tests that look at the whole process run when no others do.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;
