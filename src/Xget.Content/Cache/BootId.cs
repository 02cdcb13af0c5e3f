namespace Xget.Content.Cache;

/// <summary>
/// Which boot of the machine this is (random(4)). What was written without being synced in another boot may never have
/// reached the disk.
/// </summary>
internal static class BootId
{
    /// <summary>This boot; empty where it cannot be known, and then no map is trusted.</summary>
    public static Guid Read()
    {
        try
        {
            string text = File.ReadAllText("/proc/sys/kernel/random/boot_id");
            return Guid.TryParse(text.AsSpan().Trim(), out Guid boot) ? boot : Guid.Empty;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Guid.Empty;
        }
    }
}
