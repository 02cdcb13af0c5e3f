using System.Globalization;
using System.Text.RegularExpressions;

namespace Xget.Lab;

/// <summary>A master that serves a directory, ready when this exists.</summary>
public sealed partial class MasterProcess : IDisposable
{
    private static readonly TimeSpan ReadyDeadline = TimeSpan.FromSeconds(60);

    private MasterProcess(Child process, string host, int port)
    {
        Process = process;
        Host = host;
        Port = port;
    }

    /// <summary>The process.</summary>
    public Child Process { get; }

    /// <summary>The address that clients dial.</summary>
    public string Host { get; }

    /// <summary>Its port.</summary>
    public int Port { get; }

    /// <summary>HOST:PORT, as options take it.</summary>
    public string Address => $"{Host}:{Port}";

    /// <summary>
    /// Starts a master on this machine's loopback address, on a port that is free, and waits until it says that it
    /// serves. <paramref name="outputs"/> as for <see cref="Child.Start"/>.
    /// </summary>
    public static Task<MasterProcess> StartAsync(string outputs, string served, params string[] options) =>
        StartInAsync(null, "127.0.0.1", outputs, served, options);

    /// <summary>The same in a network namespace, at an address there; options may fix the port.</summary>
    public static async Task<MasterProcess> StartInAsync(
        string? networkNamespace, string host, string outputs, string served, params string[] options)
    {
        string[] port = options.Contains("-p") ? [] : ["-p", "0"];
        string[] state = options.Contains("--state") ? [] : ["--state", outputs + "-state"];
        Child process = Child.Start(
            outputs, networkNamespace, XgetProgram.Path, ["--bind", host, .. port, .. state, .. options, served]);
        try
        {
            string line = await process.LineAsync(l => Serving().IsMatch(l), ReadyDeadline);
            return new MasterProcess(
                process, host, int.Parse(Serving().Match(line).Groups[1].Value, CultureInfo.InvariantCulture));
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Process.Dispose();

    [GeneratedRegex(@"^xget: serving .* on \S*:(\d+)\r?$")]
    private static partial Regex Serving();
}
