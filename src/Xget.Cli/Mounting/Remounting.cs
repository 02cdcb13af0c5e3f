using Mono.Unix.Native;
using Xget.Content.Linux;
using Xget.Fuse;

namespace Xget.Cli.Mounting;

/// <summary>
/// <c>mount -o remount,...</c>: changes the flags that the kernel keeps (noexec, noatime and so on) of a mount that is
/// there; the daemon and its own options stay as they are.
/// </summary>
internal static class Remounting
{
    internal static int Run(MountRequest request, MountOptionSplit split)
    {
        if (split.AsksToWrite)
            throw new UserException("remount,rw: what a master serves can only be read (say remount,ro)", MountExit.Usage);
        if (MountEntry.Find(request.Directory) is not { Type: MountService.FileSystemType } entry)
            throw new UserException($"{request.Directory}: not an xget mount, so nothing to remount", MountExit.Failure);
        if (request.Fake)
            return MountExit.Done;
        Errno error = Native.Remount(entry.Source, request.Directory, entry.Type, (ulong)(split.Flags | MsFlags.ReadOnly));
        return error == 0 ? MountExit.Done
            : throw new UserException($"cannot remount {request.Directory}: {Words.Of(error)}", MountExit.Failure);
    }
}
