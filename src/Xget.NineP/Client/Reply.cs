using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>
/// The answer to a request. Errors are the server's, or the client's own: ECONNRESET for a lost connection, ETIMEDOUT,
/// EINTR for a cancelled request, EPROTO for a reply that makes no sense (which closes the connection).
/// </summary>
/// <param name="Error">0, or what went wrong.</param>
/// <param name="Value">The answer, when there is no error.</param>
/// <param name="ErrorText">The server's words, in dialects that have them.</param>
public readonly record struct Reply<T>(Errno Error, T Value, string? ErrorText = null)
{
    /// <summary>Whether the request succeeded.</summary>
    public bool Ok => Error == 0;
}
