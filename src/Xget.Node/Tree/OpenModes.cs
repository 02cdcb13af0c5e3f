using Mono.Unix.Native;

namespace Xget.Node.Tree;

/// <summary>What an open asks for.</summary>
internal static class OpenModes
{
    private const OpenFlags AccessMode = OpenFlags.O_WRONLY | OpenFlags.O_RDWR;
    private const OpenFlags Changing = OpenFlags.O_TRUNC | OpenFlags.O_CREAT;

    internal static bool IsReadOnly(this OpenFlags flags) => (flags & (AccessMode | Changing)) == 0;
}
