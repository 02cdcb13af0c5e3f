using System.Diagnostics;

namespace Xget.Fuse.Tests.Mounting;

/// <summary>Programs that use a mount, in processes of their own: this one must never touch it.</summary>
internal static class Shell
{
    /// <summary>Runs a script to its end; what it printed is returned if it ended with 0.</summary>
    public static async Task<string> RunAsync(string script)
    {
        (int code, string output, string errors) = await TryAsync(script);
        Assert.True(code == 0, $"{script} ended with {code}: {output}{errors}");
        return output;
    }

    public static async Task<(int Code, string Output, string Errors)> TryAsync(string script)
    {
        using Process process = Start(script);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>Starts a script, of which nothing outlives the limit.</summary>
    public static Process Start(string script) => Process.Start(new ProcessStartInfo("timeout")
    {
        ArgumentList = { "-k", "5", "120", "bash", "-c", script },
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = "/",
    })!;
}
