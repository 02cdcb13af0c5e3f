namespace Xget.Node.Copying;

/// <summary>A copy that cannot be finished; the message is one line for the user. What is verified stays for a later run.</summary>
public sealed class CopyException(string message) : Exception(message);
