using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>What a write gives.</summary>
/// <param name="Error">0, or why nothing was written.</param>
/// <param name="Count">Bytes written.</param>
public readonly record struct WriteResult(Errno Error, int Count);
