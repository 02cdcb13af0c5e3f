using System.Buffers.Text;
using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Linux;

/// <summary>Reads extended attributes; those that may not be read are left out.</summary>
/// <remarks>Owns a buffer of the largest size that the kernel knows; not thread-safe.</remarks>
internal sealed unsafe class XattrCalls
{
    private const int LargestList = 65536;

    private readonly byte[] _list = new byte[LargestList];
    private readonly byte[] _value = new byte[Xattr.MaxValueLength];
    private readonly byte[] _path = new byte["/proc/self/fd/2147483647/"u8.Length + FileName.MaxLength + 1];

    /// <summary>Those of what is open, sorted by name.</summary>
    public Errno Read(SafeFileHandle file, out ImmutableArray<Xattr> xattrs)
    {
        nint length;
        fixed (byte* list = _list)
            length = Libc.Flistxattr(file, list, LargestList);
        var error = length < 0 ? FileCalls.LastError : 0;
        xattrs = length > 0 ? Values((int)length, file) : [];
        return error == Errno.EOPNOTSUPP ? 0 : error;
    }

    /// <summary>Those of a name in an open directory, a symlink's own, sorted by name.</summary>
    public Errno Read(SafeFileHandle directory, FileName name, out ImmutableArray<Xattr> xattrs)
    {
        // There is no lgetxattrat before Linux 6.13; the directory's magic link gives the same safety.
        var path = _path.AsSpan();
        "/proc/self/fd/"u8.CopyTo(path);
        var length = "/proc/self/fd/"u8.Length;
        Utf8Formatter.TryFormat((int)directory.DangerousGetHandle(), path[length..], out var digits);
        length += digits;
        path[length++] = (byte)'/';
        name.Terminated.CopyTo(path[length..]);

        nint listed;
        fixed (byte* p = _path)
        fixed (byte* list = _list)
            listed = Libc.Llistxattr(p, list, LargestList);
        var error = listed < 0 ? FileCalls.LastError : 0;
        xattrs = listed > 0 ? Values((int)listed, null) : [];
        return error == Errno.EOPNOTSUPP ? 0 : error;
    }

    private ImmutableArray<Xattr> Values(int length, SafeFileHandle? file)
    {
        var found = ImmutableArray.CreateBuilder<Xattr>();
        for (var start = 0; start < length;)
        {
            var end = start + _list.AsSpan(start, length - start).IndexOf((byte)0);
            if (end <= start)
                break;
            nint size;
            fixed (byte* path = _path)
            fixed (byte* name = &_list[start])
            fixed (byte* value = _value)
                size = file is null
                    ? Libc.Lgetxattr(path, name, value, Xattr.MaxValueLength)
                    : Libc.Fgetxattr(file, name, value, Xattr.MaxValueLength);
            if (size >= 0)
                found.Add(new Xattr(_list.AsSpan(start, end - start).ToArray(), _value.AsSpan(0, (int)size).ToArray()));
            start = end + 1;
        }
        found.Sort((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        return found.ToImmutable();
    }
}
