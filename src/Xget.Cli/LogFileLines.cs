using Microsoft.Win32.SafeHandles;

namespace Xget.Cli;

/// <summary>The lines on their way into a log file, which is closed with them.</summary>
internal sealed class LogFileLines : IDisposable
{
    private readonly SafeFileHandle _file;

    internal LogFileLines(SafeFileHandle file)
    {
        _file = file;
        Queue = new LineQueue(Write);
    }

    internal LineQueue Queue { get; }

    public void Dispose()
    {
        Queue.Dispose();
        _file.Dispose(); // closed when a write that hangs has ended
    }

    private bool Write(ReadOnlyMemory<byte> bytes)
    {
        bool held = false;
        try
        {
            _file.DangerousAddRef(ref held);
            return StandardStreams.Write((int)_file.DangerousGetHandle(), bytes.Span) == 0;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            if (held)
                _file.DangerousRelease();
        }
    }
}
