namespace Xget.Content.Linux;

/// <summary>File systems whose files are made up by the kernel as they are read (linux/magic.h).</summary>
internal static class VirtualFileSystems
{
    /// <summary>The name of a virtual file system's type; null for those that keep files.</summary>
    public static string? NameOf(long type) => (uint)type switch
    {
        0x9fa0 => "proc",
        0x62656572 => "sysfs",
        0x27e0eb => "cgroup",
        0x63677270 => "cgroup2",
        0x64626720 => "debugfs",
        0x74726163 => "tracefs",
        0x1cd1 => "devpts",
        0x73636673 => "securityfs",
        0xf97cff8c => "selinuxfs",
        0x43415d53 => "smackfs",
        0x5a3c69f0 => "apparmorfs",
        0xcafe4a11 => "bpf",
        0x6165676c => "pstore",
        0xde5e81e4 => "efivarfs",
        0x62656570 => "configfs",
        0x65735543 => "fusectl",
        0x42494e4d => "binfmt_misc",
        0x19800202 => "mqueue",
        0x6e736673 => "nsfs",
        0x67596969 => "rpc_pipefs",
        0x07655821 => "resctrl",
        _ => null,
    };
}
