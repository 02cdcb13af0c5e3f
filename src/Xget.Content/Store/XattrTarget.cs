using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>
/// What has extended attributes: an open file, or a name that is not to be followed (a symlink, a node).
/// </summary>
/// <remarks>
/// The calls for names take a path and no descriptor, so a name is reached through /proc/self/fd; without /proc it has no
/// attributes (ENOENT).
/// </remarks>
internal readonly struct XattrTarget
{
    private readonly SafeFileHandle? _file;
    private readonly byte[]? _path;

    public XattrTarget(SafeFileHandle file) => _file = file;

    public XattrTarget(SafeFileHandle directory, ReadOnlySpan<byte> name)
        => _path = [.. System.Text.Encoding.ASCII.GetBytes($"/proc/self/fd/{directory.DangerousGetHandle()}/"), .. name];

    /// <summary>The names, each with a NUL behind it; ERANGE if they do not fit.</summary>
    public Errno List(Span<byte> names, out int length)
        => _file is null ? NativeStore.ListXattrs(_path, names, out length) : NativeStore.ListXattrs(_file, names, out length);

    /// <summary>A value; ERANGE if it does not fit.</summary>
    public Errno Get(ReadOnlySpan<byte> name, Span<byte> value, out int length)
        => _file is null
            ? NativeStore.GetXattr(_path, name, value, out length)
            : NativeStore.GetXattr(_file, name, value, out length);

    public Errno Set(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        => _file is null ? NativeStore.SetXattr(_path, name, value) : NativeStore.SetXattr(_file, name, value);

    public Errno Remove(ReadOnlySpan<byte> name)
        => _file is null ? NativeStore.RemoveXattr(_path, name) : NativeStore.RemoveXattr(_file, name);
}
