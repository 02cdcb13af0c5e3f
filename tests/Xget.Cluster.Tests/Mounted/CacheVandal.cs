namespace Xget.Cluster.Tests.Mounted;

/// <summary>Damages the files of a cache at random: flips bits, cuts, swaps, empties and removes them.</summary>
internal sealed class CacheVandal(string cache, int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>Does one bad thing to every data file, and to every fourth map.</summary>
    public void DamageAll()
    {
        string[] files = Files();
        Assert.NotEmpty(files);
        foreach (string file in files)
        {
            if (File.Exists(file) && (!file.EndsWith(".map", StringComparison.Ordinal) || _random.Next(4) == 0))
            {
                Damage(file, files);
            }
        }
    }

    /// <summary>Flips bits of every data file.</summary>
    public void FlipAll()
    {
        foreach (string file in Files().Where(f => !f.EndsWith(".map", StringComparison.Ordinal)))
        {
            Flip(file);
        }
    }

    private string[] Files() =>
        [.. Directory.GetFiles(Path.Combine(cache, "objects"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private void Damage(string file, string[] files)
    {
        switch (_random.Next(8))
        {
            case 0:
                File.Delete(file);
                break;
            case 1:
                string other = files[_random.Next(files.Length)];
                if (File.Exists(other) && other != file)
                {
                    File.Move(file, file + "-other");
                    File.Move(other, file);
                    File.Move(file + "-other", other);
                }

                break;
            case 2:
                Resize(file, 0);
                break;
            case 3:
                Resize(file, _random.NextInt64(new FileInfo(file).Length + 1));
                break;
            case 4:
                Resize(file, new FileInfo(file).Length + 4096);
                break;
            default:
                Flip(file);
                break;
        }
    }

    private void Flip(string path)
    {
        using FileStream file = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        for (int i = 0; i < 3 && file.Length > 0; i++)
        {
            file.Position = _random.NextInt64(file.Length);
            int had = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(had ^ (1 << _random.Next(8))));
        }
    }

    private static void Resize(string path, long length)
    {
        using FileStream file = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.SetLength(length);
    }
}
