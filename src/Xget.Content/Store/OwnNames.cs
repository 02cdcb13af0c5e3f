using System.Globalization;
using System.Text;

namespace Xget.Content.Store;

/// <summary>
/// The names that a copy uses for itself in its destination, chosen so that the tree that is copied has none of them. The
/// same tree gives the same names, so that an interrupted copy finds what it left. Filled by one task.
/// </summary>
public sealed class OwnNames
{
    private readonly HashSet<string> _partials = []; // what follows the names' beginning
    private readonly HashSet<string> _temporaries = [];

    private static ReadOnlySpan<byte> Partial => ".xget-partial"u8;

    private static ReadOnlySpan<byte> Temporary => ".xget-tmp"u8;

    /// <summary>The name, in the root, of the directory for unfinished contents: <c>.xget-partial</c>, unless the tree has it.</summary>
    public FileName PartialName => FileName.Of(Encoding.UTF8.GetString(Partial) + Free(_partials));

    /// <summary>What temporary names beside final ones begin with; no name of the tree does.</summary>
    public byte[] TemporaryPrefix => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Temporary) + Free(_temporaries) + "-t");

    /// <summary>The tree has an entry of that path.</summary>
    public void Note(DestinationPath path)
    {
        ReadOnlySpan<byte> name = path.Name.Bytes;
        if (path.Parent?.Parent is null && name.StartsWith(Partial))
            _partials.Add(Encoding.Latin1.GetString(name[Partial.Length..]));
        // It ends where the process's number begins.
        if (name.StartsWith(Temporary) && name[Temporary.Length..].IndexOf("-t"u8) is var end and >= 0)
            _temporaries.Add(Encoding.Latin1.GetString(name.Slice(Temporary.Length, end)));
    }

    private static string Free(HashSet<string> taken)
    {
        string suffix = "";
        for (int number = 1; taken.Contains(suffix); number++)
            suffix = string.Create(CultureInfo.InvariantCulture, $"-{number}");
        return suffix;
    }
}
