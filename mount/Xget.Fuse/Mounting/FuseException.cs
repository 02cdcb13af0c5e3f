using System.Runtime.InteropServices;
using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>A mount failed; the message is one line for the user.</summary>
public sealed class FuseException : IOException
{
    /// <summary>A failure of <paramref name="what"/>, to which the error's own text is added.</summary>
    public FuseException(string what, Errno error)
        : base($"{what}: {Marshal.GetPInvokeErrorMessage((int)error)}")
    {
        Error = error;
    }

    /// <summary>A failure that <paramref name="message"/> says all about.</summary>
    public FuseException(Errno error, string message)
        : base(message)
    {
        Error = error;
    }

    /// <summary>What the system said.</summary>
    public Errno Error { get; }
}
