namespace Xget.Cli;

/// <summary>What the program says to its caller.</summary>
internal static class ExitCode
{
    /// <summary>The job is done.</summary>
    internal const int Done = 0;

    /// <summary>The job failed; one line on stderr says why.</summary>
    internal const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    internal const int Usage = 2;

    /// <summary>Ended by a signal, as shells count it.</summary>
    internal static int Signal(int number) => 128 + number;
}

/// <summary>An error that is told to the user in one line, without a stack trace.</summary>
internal sealed class UserException(string message, int exitCode = ExitCode.Failed) : Exception(message)
{
    internal int ExitCode => exitCode;
}
