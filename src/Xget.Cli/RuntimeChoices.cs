using System.Globalization;
using System.Runtime.InteropServices;

namespace Xget.Cli;

/// <summary>What the framework and libc must be told before they are used.</summary>
internal static partial class RuntimeChoices
{
    private const string Inline = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private const string Count = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";
    private const int ArenaMax = -8; // M_ARENA_MAX of malloc.h

    internal static void Make()
    {
        // What comes in is dealt with on the thread that hears of it: nothing here blocks, and handing each chunk to a pool
        // thread costs more than its hash (measured: 3.6 against 2.6 processor seconds per GB). The framework looks for this
        // in the environment when the first socket is made; what the user has set stays. Set by libc, since the framework
        // would copy the whole environment first.
        if (Environment.GetEnvironmentVariable(Inline) is null)
        {
            _ = SetEnvironment(Inline, "1", 1);
            _ = SetEnvironment(Count, Math.Clamp(Environment.ProcessorCount / 2, 1, 4).ToString(CultureInfo.InvariantCulture), 1);
        }

        // Else malloc makes each thread a heap of its own, of which the few things that are not managed use a page.
        _ = SetMalloc(ArenaMax, 1);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetMalloc(int parameter, int value);
}
