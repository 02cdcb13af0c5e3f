using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Xget.Cli.Mounting;

/// <summary>The daemon's side of its <see cref="Launcher"/>. For one thread.</summary>
internal sealed class DaemonSide
{
    /// <summary>What it says when the mount is usable.</summary>
    internal const string Ready = "mounted";

    /// <summary>What it says when it will go on trying to mount.</summary>
    internal const string Trying = "trying";

    private const int Input = 0;
    private const int Output = 1;

    private readonly CancellationTokenSource _abandoned = new();
    private bool _detached;

    internal DaemonSide()
    {
        new Thread(AwaitLauncher) { IsBackground = true }.Start();
    }

    /// <summary>Cancelled when the launcher is gone before it was told that all is well.</summary>
    internal CancellationToken Abandoned => _abandoned.Token;

    /// <summary>Tells the launcher what has become of it, once, and lets go of all that was its caller's; false when it is gone.</summary>
    internal bool Detach(string word)
    {
        if (_detached)
            return true;
        if (_abandoned.IsCancellationRequested)
            return false;
        // Not before it is mounted: an automounter lets only its own process group come to the mount point until then.
        Native.LeaveTerminal();
        Environment.CurrentDirectory = "/";
        Volatile.Write(ref _detached, true);
        try
        {
            using var output = new FileStream(new SafeFileHandle(Output, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            output.Write(Encoding.ASCII.GetBytes(word + "\n"));
        }
        catch (IOException)
        {
            return false;
        }
        finally
        {
            StandardStreams.Silence();
        }
        return true;
    }

    private void AwaitLauncher()
    {
        try
        {
            using var input = new FileStream(new SafeFileHandle(Input, ownsHandle: false), FileAccess.Read, bufferSize: 0);
            input.ReadByte();
        }
        catch (IOException)
        {
            // Gone, too.
        }
        if (!Volatile.Read(ref _detached))
            _abandoned.Cancel();
    }
}
