using System.Globalization;
using Xget.Fuse;

namespace Xget.Mount;

/// <summary>
/// Tells when a caller that waits is to die. The kernel interrupts a request at any signal that its caller does not
/// ignore, once; but a read of a file must not fail because of a timer or a child that ended. So after the interrupt this
/// looks at the caller's pending signals, until one is among them that ends it.
/// </summary>
internal sealed class KillWatch : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _dying = new();
    private readonly CancellationTokenSource _done = new();
    private readonly CancellationTokenRegistration _interrupt;

    internal KillWatch(FuseRequest request, TimeProvider time)
    {
        uint pid = request.Pid;
        _interrupt = request.Interrupted.UnsafeRegister(_ => _ = WatchAsync(pid, time), null);
    }

    /// <summary>Cancelled when the caller is to die.</summary>
    internal CancellationToken Dying => _dying.Token;

    public void Dispose()
    {
        _interrupt.Dispose();
        _done.Cancel();
    }

    private async Task WatchAsync(uint pid, TimeProvider time)
    {
        try
        {
            while (!IsDying(pid))
                await Task.Delay(Look, time, _done.Token);
            await _dying.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // It was answered.
        }
    }

    /// <summary>
    /// Whether a signal that nothing holds back or catches waits for that thread; also when it is gone, or in another PID
    /// namespace (0), where nobody can tell.
    /// </summary>
    private static bool IsDying(uint pid)
    {
        if (pid == 0)
            return true;
        try
        {
            return Signals.Parse(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status"))).AreFatal;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    /// <summary>The signal masks of /proc/PID/status (proc(5)); bit n - 1 is signal n.</summary>
    internal readonly record struct Signals(ulong Pending, ulong Blocked, ulong Ignored, ulong Caught)
    {
        private const ulong Kill = 1UL << 8;

        /// <summary>CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG, WINCH: their default is not to end the process.</summary>
        private const ulong Harmless = 1UL << 16 | 1UL << 17 | 1UL << 18 | 1UL << 19 | 1UL << 20 | 1UL << 21 | 1UL << 22 | 1UL << 27;

        internal bool AreFatal => (Pending & Kill) != 0 || (Pending & ~(Blocked | Ignored | Caught | Harmless)) != 0;

        internal static Signals Parse(string status)
        {
            ulong pending = 0, blocked = 0, ignored = 0, caught = 0;
            foreach (string line in status.Split('\n'))
            {
                int colon = line.IndexOf(':', StringComparison.Ordinal);
                if (colon < 0 || !ulong.TryParse(line.AsSpan(colon + 1).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong mask))
                    continue;
                switch (line[..colon])
                {
                    case "SigPnd" or "ShdPnd":
                        pending |= mask;
                        break;
                    case "SigBlk":
                        blocked = mask;
                        break;
                    case "SigIgn":
                        ignored = mask;
                        break;
                    case "SigCgt":
                        caught = mask;
                        break;
                    default:
                        break;
                }
            }
            return new Signals(pending, blocked, ignored, caught);
        }
    }
}
