namespace Xget.Cli.Mounting;

/// <summary>What a mount command says to its caller: mount(8)'s exit codes.</summary>
internal static class MountExit
{
    /// <summary>Mounted, or gone to the background to go on trying.</summary>
    internal const int Done = 0;

    /// <summary>The command line or an option is wrong.</summary>
    internal const int Usage = 1;

    /// <summary>The system does not give what it takes to try.</summary>
    internal const int System = 2;

    /// <summary>The mount failed.</summary>
    internal const int Failure = 32;
}
