using System.Runtime.InteropServices;

namespace Xget.Cli;

/// <summary>SIGHUP, also in a process that was started with nohup(1): it leaves the signal ignored, and .NET then too.</summary>
internal static partial class HangUp
{
    private const int Number = 1;

    /// <summary>Calls this for each SIGHUP from now on.</summary>
    internal static PosixSignalRegistration Register(Action handler)
    {
        _ = Signal(Number, 0);
        return PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            handler();
        });
    }

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static partial nint Signal(int number, nint handler);
}
