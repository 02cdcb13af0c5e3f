using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>
/// The calls for extended attributes (xattr(7)), of open files and of paths whose last name is not followed.
/// </summary>
internal static unsafe partial class NativeStore
{
    public static Errno ListXattrs(SafeFileHandle file, Span<byte> names, out int length)
    {
        fixed (byte* n = names)
            return Length(flistxattr(file, n, names.Length), out length);
    }

    public static Errno ListXattrs(ReadOnlySpan<byte> path, Span<byte> names, out int length)
    {
        fixed (byte* p = path, n = names)
            return Length(llistxattr(p, n, names.Length), out length);
    }

    public static Errno GetXattr(SafeFileHandle file, ReadOnlySpan<byte> name, Span<byte> value, out int length)
    {
        fixed (byte* n = name, v = value)
            return Length(fgetxattr(file, n, v, value.Length), out length);
    }

    public static Errno GetXattr(ReadOnlySpan<byte> path, ReadOnlySpan<byte> name, Span<byte> value, out int length)
    {
        fixed (byte* p = path, n = name, v = value)
            return Length(lgetxattr(p, n, v, value.Length), out length);
    }

    public static Errno SetXattr(SafeFileHandle file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        fixed (byte* n = name, v = value)
            return Result(fsetxattr(file, n, v, value.Length, 0));
    }

    public static Errno SetXattr(ReadOnlySpan<byte> path, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        fixed (byte* p = path, n = name, v = value)
            return Result(lsetxattr(p, n, v, value.Length, 0));
    }

    public static Errno RemoveXattr(SafeFileHandle file, ReadOnlySpan<byte> name)
    {
        fixed (byte* n = name)
            return Result(fremovexattr(file, n));
    }

    public static Errno RemoveXattr(ReadOnlySpan<byte> path, ReadOnlySpan<byte> name)
    {
        fixed (byte* p = path, n = name)
            return Result(lremovexattr(p, n));
    }
}
