using System.Text;

namespace Xget.Mount;

/// <summary>Attributes that tell of a file's state rather than being stored with it: user.xget.*.</summary>
internal sealed class MagicXattrs(params (string Name, Func<string> Value)[] values)
{
    private const string Prefix = "user.xget.";

    /// <summary>Whether a process, by its id, sees them in a list; whoever asks for one by name gets it anyway.</summary>
    internal Func<uint, bool> IsListedTo { get; init; } = _ => true;

    /// <summary>Whether it has such a name: most that are asked for, as those of ACLs and labels, have not.</summary>
    internal static bool MayBe(ReadOnlySpan<byte> name) => name.StartsWith("user.xget."u8);

    internal byte[]? Find(ReadOnlySpan<byte> name)
    {
        foreach ((string own, Func<string> value) in values)
        {
            if (name.SequenceEqual(Encoding.ASCII.GetBytes(Prefix + own)))
                return Encoding.UTF8.GetBytes(value());
        }
        return null;
    }

    internal void AppendNames(MemoryStream names, uint pid)
    {
        if (values.Length == 0 || !IsListedTo(pid))
            return;
        foreach ((string own, _) in values)
        {
            names.Write(Encoding.ASCII.GetBytes(Prefix + own));
            names.WriteByte(0);
        }
    }
}
