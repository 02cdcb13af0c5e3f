using Mono.Unix.Native;

namespace Xget.Content;

/// <summary>The exported directory or file cannot be published at all. The message is one line for the user.</summary>
public sealed class PublishException : Exception
{
    internal PublishException(string message, Errno error)
        : base(message) => Error = error;

    /// <summary>The system's reason.</summary>
    public Errno Error { get; }
}
