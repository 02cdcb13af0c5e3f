using System.Runtime.InteropServices;

namespace Xget.Cli;

/// <summary>SIGINT and SIGTERM end the program in order; a second one ends it at once.</summary>
internal sealed class Signals : IDisposable
{
    private readonly CancellationTokenSource _cancel = new();
    private readonly PosixSignalRegistration[] _registrations;

    internal Signals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, c => OnSignal(c, 2)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => OnSignal(c, 15)),
    ];

    internal CancellationToken Token => _cancel.Token;

    /// <summary>The number of the signal that came, if one came.</summary>
    internal int? Received { get; private set; }

    private void OnSignal(PosixSignalContext context, int number)
    {
        context.Cancel = Received is null;
        Received = number;
        _cancel.Cancel();
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _cancel.Dispose();
    }
}
