namespace Xget.Interop.Tests.Original;

/// <summary>What Tstat and a directory's records tell.</summary>
internal sealed record Stat(string Name, byte QidType, uint Mode, uint MTime, ulong Length)
{
    public bool IsDirectory => (Mode & 0x80000000) != 0;
}
