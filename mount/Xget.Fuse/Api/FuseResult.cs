using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>A value, or the error number that the caller of the system call sees instead.</summary>
/// <param name="Error">0, or why there is no value.</param>
/// <param name="Value">The value when there is no error.</param>
public readonly record struct FuseResult<T>(Errno Error, T Value)
{
    /// <summary>A value.</summary>
    public static implicit operator FuseResult<T>(T value) => new(0, value);

    /// <summary>No value, because of <paramref name="error"/>, which must not be 0.</summary>
    public static implicit operator FuseResult<T>(Errno error) => new(error == 0 ? Errno.EIO : error, default!);
}
