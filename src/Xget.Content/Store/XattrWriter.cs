using System.Collections.Immutable;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>Makes an entry's extended attributes those of its source, as far as this user may. Thread-safe.</summary>
internal sealed class XattrWriter(bool isPrivileged, bool keepMode)
{
    private long _lost;

    /// <summary>Attributes that the file system refused.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Sets what differs and removes what the source has not.</summary>
    /// <returns>0 also if an attribute is refused (counted in <see cref="Lost"/>); a disk's errors are returned.</returns>
    public Errno Apply(XattrTarget target, ImmutableArray<Xattr> wanted, XattrKind kind)
    {
        foreach (Xattr xattr in wanted)
        {
            if (!Keeps(xattr.Name, kind) || Has(target, xattr))
                continue;
            Errno error = target.Set(Terminated(xattr.Name), xattr.Value);
            if (error is Errno.ENOSPC or Errno.EDQUOT or Errno.EIO or Errno.ENOMEM or Errno.EROFS)
                return error;
            if (error != 0)
                Interlocked.Increment(ref _lost);
        }
        foreach (byte[] extra in Extra(target, wanted, kind))
            target.Remove(extra);
        return 0;
    }

    /// <summary>True if <see cref="Apply"/> would change nothing.</summary>
    public bool Matches(XattrTarget target, ImmutableArray<Xattr> wanted, XattrKind kind)
    {
        foreach (Xattr xattr in wanted)
        {
            if (Keeps(xattr.Name, kind) && !Has(target, xattr))
                return false;
        }
        return Extra(target, wanted, kind).Count == 0;
    }

    private static bool Has(XattrTarget target, Xattr xattr)
    {
        using PooledBuffer buffer = new(xattr.Value.Length + 1);
        return target.Get(Terminated(xattr.Name), buffer.Span, out int length) == 0
            && buffer.Span[..length].SequenceEqual(xattr.Value);
    }

    /// <summary>The names, NUL at the end, of attributes that are there and should not.</summary>
    private List<byte[]> Extra(XattrTarget target, ImmutableArray<Xattr> wanted, XattrKind kind)
    {
        List<byte[]> extra = [];
        Span<byte> few = stackalloc byte[512];
        Errno error = target.List(few, out int length);
        if (error == 0)
            Collect(few[..length], wanted, kind, extra);
        if (error != Errno.ERANGE)
            return extra;
        using PooledBuffer many = new(Xattr.MaxValueLength); // XATTR_LIST_MAX is the same
        if (target.List(many.Span, out length) == 0)
            Collect(many.Span[..length], wanted, kind, extra);
        return extra;
    }

    private void Collect(ReadOnlySpan<byte> names, ImmutableArray<Xattr> wanted, XattrKind kind, List<byte[]> extra)
    {
        while (names.IndexOf((byte)0) is var end and > 0)
        {
            ReadOnlySpan<byte> name = names[..end];
            if (Keeps(name, kind) && IsRemovable(name) && !Contains(wanted, name))
                extra.Add(names[..(end + 1)].ToArray());
            names = names[(end + 1)..];
        }
    }

    private static bool Contains(ImmutableArray<Xattr> wanted, ReadOnlySpan<byte> name)
    {
        foreach (Xattr xattr in wanted)
        {
            if (name.SequenceEqual(xattr.Name))
                return true;
        }
        return false;
    }

    /// <summary>
    /// Whether the attribute is copied: trusted and security ones are root's, access control lists are mode.
    /// </summary>
    private bool Keeps(ReadOnlySpan<byte> name, XattrKind kind)
        => kind == XattrKind.AccessControl
            ? name.StartsWith("system.posix_acl_"u8) && keepMode
            : name.StartsWith("user."u8)
                || (name.StartsWith("security."u8) && isPrivileged && keepMode)
                || (name.StartsWith("trusted."u8) && isPrivileged);

    /// <summary>
    /// Labels of security modules are the system's own: they are set if the source has them, never removed.
    /// </summary>
    private static bool IsRemovable(ReadOnlySpan<byte> name)
        => !name.StartsWith("security."u8) || name.SequenceEqual("security.capability"u8);

    private static byte[] Terminated(ReadOnlySpan<byte> name) => [.. name, 0];
}
