using System.Globalization;
using System.Text;

namespace Xget.Fuse;

/// <summary>
/// The words after `mount -o`, sorted by who heeds them: mount(2)'s flags, the kernel's FUSE data, and the file
/// system's own. Those of mount(8) and systemd are left out. The last of two that contradict each other wins. A comma
/// within double quotes is part of its word.
/// </summary>
public sealed record MountOptionSplit
{
    private static readonly Dictionary<string, (MsFlags Set, MsFlags Clear)> Flagged = new()
    {
        ["ro"] = (MsFlags.ReadOnly, 0),
        ["rw"] = (0, MsFlags.ReadOnly),
        ["nosuid"] = (MsFlags.NoSuid, 0),
        ["suid"] = (0, MsFlags.NoSuid),
        ["nodev"] = (MsFlags.NoDev, 0),
        ["dev"] = (0, MsFlags.NoDev),
        ["noexec"] = (MsFlags.NoExec, 0),
        ["exec"] = (0, MsFlags.NoExec),
        ["sync"] = (MsFlags.Synchronous, 0),
        ["async"] = (0, MsFlags.Synchronous),
        ["dirsync"] = (MsFlags.DirSync, 0),
        ["nosymfollow"] = (MsFlags.NoSymFollow, 0),
        ["symfollow"] = (0, MsFlags.NoSymFollow),
        ["noatime"] = (MsFlags.NoAtime, MsFlags.RelAtime | MsFlags.StrictAtime),
        ["atime"] = (0, MsFlags.NoAtime),
        ["nodiratime"] = (MsFlags.NoDirAtime, 0),
        ["diratime"] = (0, MsFlags.NoDirAtime),
        ["relatime"] = (MsFlags.RelAtime, MsFlags.NoAtime | MsFlags.StrictAtime),
        ["norelatime"] = (0, MsFlags.RelAtime),
        ["strictatime"] = (MsFlags.StrictAtime, MsFlags.NoAtime | MsFlags.RelAtime),
        ["nostrictatime"] = (0, MsFlags.StrictAtime),
        ["lazytime"] = (MsFlags.LazyTime, 0),
        ["nolazytime"] = (0, MsFlags.LazyTime),
        ["mand"] = (MsFlags.MandLock, 0),
        ["nomand"] = (0, MsFlags.MandLock),
        ["silent"] = (MsFlags.Silent, 0),
        ["loud"] = (0, MsFlags.Silent),
        ["remount"] = (MsFlags.Remount, 0),
        ["defaults"] = (0, MsFlags.ReadOnly | MsFlags.NoSuid | MsFlags.NoDev | MsFlags.NoExec | MsFlags.Synchronous),
    };

    private static readonly HashSet<string> Ignored =
    [
        "_netdev", "nofail", "auto", "noauto", "user", "nouser", "users", "nousers", "owner", "noowner", "group",
        "nogroup", "comment", "uhelper", "helper",
        // What /proc/mounts shows of a FUSE mount is the kernel's business; the others are of libfuse's file systems.
        "fd", "rootmode", "user_id", "group_id", "subtype", "nonempty",
    ];

    private static readonly HashSet<string> KernelWords = ["allow_other", "default_permissions"];
    private static readonly HashSet<string> KernelLabels = ["context", "fscontext", "defcontext", "rootcontext"];

    /// <summary>What mount(2) takes as flags.</summary>
    public MsFlags Flags { get; private init; }

    /// <summary>Whether `rw` or `defaults` asked for a file system that can be written to.</summary>
    public bool AsksToWrite { get; private init; }

    /// <summary>What the kernel's FUSE takes, in order.</summary>
    public IReadOnlyList<string> Kernel { get; private init; } = [];

    /// <summary>What neither mount(8) nor the kernel knows, in order: the file system's own, or a mistake.</summary>
    public IReadOnlyList<string> Others { get; private init; } = [];

    /// <summary>Sorts the words of a comma-separated list; never fails.</summary>
    public static MountOptionSplit Parse(string options)
    {
        MsFlags flags = 0;
        bool writes = false;
        List<string> kernel = [];
        List<string> others = [];
        foreach (string word in Words(options))
        {
            if (Flagged.TryGetValue(word, out (MsFlags Set, MsFlags Clear) flag))
            {
                flags = (flags & ~flag.Clear) | flag.Set;
                writes = word switch { "ro" => false, "rw" => true, _ => writes };
            }
            else if (IsKernels(word))
            {
                kernel.Add(word);
            }
            else if (!IsIgnored(word))
            {
                others.Add(word);
            }
        }

        return new MountOptionSplit { Flags = flags, AsksToWrite = writes, Kernel = kernel, Others = others };
    }

    /// <summary>The last argument of mount(2).</summary>
    internal string KernelData(int descriptor, uint user, uint group)
    {
        const string DirectoryMode = "40000"; // Octal.
        StringBuilder data = new();
        data.Append(CultureInfo.InvariantCulture,
            $"fd={descriptor},rootmode={DirectoryMode},user_id={user},group_id={group}");
        foreach (string word in Kernel)
        {
            data.Append(',').Append(word);
        }

        return data.ToString();
    }

    /// <summary>The -o argument of fusermount3, which takes source and type there.</summary>
    internal string FusermountOptions(string source, string subtype)
    {
        List<string> words = [(Flags & MsFlags.ReadOnly) != 0 ? "ro" : "rw"];
        foreach ((string word, (MsFlags set, _)) in Flagged)
        {
            if (set is not (0 or MsFlags.ReadOnly or MsFlags.Remount) && (Flags & set) != 0)
            {
                words.Add(word);
            }
        }

        words.AddRange(Kernel);
        words.Add("fsname=" + Escape(source));
        if (subtype.Length > 0)
        {
            words.Add("subtype=" + Escape(subtype));
        }

        return string.Join(',', words);
    }

    private static string Escape(string value) => value.Replace("\\", "\\\\").Replace(",", "\\,");

    private static bool IsIgnored(string word) =>
        word.StartsWith("x-", StringComparison.OrdinalIgnoreCase) || Ignored.Contains(Key(word));

    private static bool IsKernels(string word)
    {
        const string MaxRead = "max_read=";
        string key = Key(word);
        return KernelWords.Contains(word)
            || (KernelLabels.Contains(key) && key != word)
            || (word.StartsWith(MaxRead, StringComparison.Ordinal) && uint.TryParse(word.AsSpan(MaxRead.Length),
                NumberStyles.None, CultureInfo.InvariantCulture, out _));
    }

    private static string Key(string word)
    {
        int end = word.IndexOf('=', StringComparison.Ordinal);
        return end < 0 ? word : word[..end];
    }

    private static IEnumerable<string> Words(string options)
    {
        int start = 0;
        bool quoted = false;
        for (int i = 0; i <= options.Length; i++)
        {
            if (i < options.Length && options[i] == '"')
            {
                quoted = !quoted;
            }

            if (i == options.Length || (options[i] == ',' && !quoted))
            {
                string word = options[start..i].Trim();
                if (word.Length > 0)
                {
                    yield return word;
                }

                start = i + 1;
            }
        }
    }
}
