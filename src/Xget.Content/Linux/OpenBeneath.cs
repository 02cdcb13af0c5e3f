using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Linux;

/// <summary>
/// Opens paths that can lead nowhere but below a directory, symlinks and "magic" links of /proc refused.
/// </summary>
internal static unsafe class OpenBeneath
{
    private const ulong NoMagicLinks = 0x02;
    private const ulong NoSymlinks = 0x04;
    private const ulong Beneath = 0x08;

    private static volatile bool s_walkOnly;

    /// <summary>
    /// Opens <paramref name="path"/>, which is relative, made of names and ends with a NUL. ELOOP: a symlink is in it.
    /// </summary>
    public static Errno Open(SafeFileHandle root, ReadOnlySpan<byte> path, int flags, out SafeFileHandle file)
    {
        if (!s_walkOnly)
        {
            var error = ByOpenat2(root, path, flags, out file);
            if (error != Errno.ENOSYS)
                return error;
            s_walkOnly = true;    // Linux before 5.6
        }
        return ByWalking(root, path, flags, out file);
    }

    public static Errno ByOpenat2(SafeFileHandle root, ReadOnlySpan<byte> path, int flags, out SafeFileHandle file)
    {
        var how = new Libc.OpenHow
        {
            Flags = (ulong)(flags | Libc.CloseOnExec),
            Resolve = Beneath | NoSymlinks | NoMagicLinks,
        };
        Errno error;
        var tries = 0;
        do
        {
            fixed (byte* p = path)
                error = FileCalls.Opened(Libc.Openat2(root, p, &how), out file);
        }
        while (error is Errno.EAGAIN or Errno.EINTR && ++tries < 100);    // EAGAIN: a rename happened meanwhile
        return error;
    }

    /// <summary>The same name by name, for kernels without openat2.</summary>
    public static Errno ByWalking(SafeFileHandle root, ReadOnlySpan<byte> path, int flags, out SafeFileHandle file)
    {
        Span<byte> name = stackalloc byte[FileName.MaxLength + 1];
        var directory = root;
        while (true)
        {
            var slash = path.IndexOf((byte)'/');
            var isLast = slash < 0;
            var part = isLast ? path[..^1] : path[..slash];
            if (part.Length > FileName.MaxLength || part.SequenceEqual(".."u8))
            {
                file = new SafeFileHandle();
                return part.Length > FileName.MaxLength ? Errno.ENAMETOOLONG : Errno.EXDEV;
            }
            name.Clear();
            part.CopyTo(name);
            var how = Libc.CloseOnExec | Libc.NoFollow | (isLast ? flags : Libc.PathOnly | Libc.Directory);
            Errno error;
            fixed (byte* n = name)
                error = FileCalls.Opened(Libc.Openat(directory, n, how, 0), out file);
            if (error == Errno.ENOTDIR && IsSymlink(directory, name))
                error = Errno.ELOOP;    // O_DIRECTORY hides it
            if (directory != root)
                directory.Dispose();
            if (isLast || error != 0)
                return error;
            directory = file;
            path = path[(slash + 1)..];
        }
    }

    private static bool IsSymlink(SafeFileHandle directory, ReadOnlySpan<byte> name) =>
        FileCalls.Status(directory, name, out var status) == 0 && status.Type == EntryType.Symlink;
}
