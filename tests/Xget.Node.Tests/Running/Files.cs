using Xget.Lab;

namespace Xget.Node.Tests;

/// <summary>A temporary directory with files that a test makes; gone when the test ends.</summary>
internal sealed class Files : IDisposable
{
    public Files() => Root = Directory.CreateTempSubdirectory("xget-node-").FullName;

    public string Root { get; }

    /// <summary>A path below the directory.</summary>
    public string this[string path] => Path.Combine(Root, path);

    /// <summary>Bytes that no chunk repeats.</summary>
    public static byte[] Random(int size, int seed = 1)
    {
        byte[] bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Makes a file, and the directories above it.</summary>
    public byte[] Add(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[path])!);
        File.WriteAllBytes(this[path], bytes);
        return bytes;
    }

    public void Dispose() => Command.Run("rm", "-rf", Root); // names of any bytes, modes of any kind
}
