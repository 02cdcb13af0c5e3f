using System.Text;

namespace Xget.Cli.Mounting;

/// <summary>
/// stderr itself. <see cref="Console.Error"/> writes to a copy of the descriptor, by which a daemon would hold its
/// caller's terminal or pipe for ever. Not thread-safe.
/// </summary>
internal sealed class StandardError : TextWriter
{
    /// <inheritdoc/>
    public override Encoding Encoding => Encoding.UTF8;

    /// <inheritdoc/>
    public override void Write(char value) => Write(value.ToString());

    /// <inheritdoc/>
    public override void Write(string? value) => Native.WriteError(Encoding.UTF8.GetBytes(value ?? ""));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Write(value + "\n");
}
