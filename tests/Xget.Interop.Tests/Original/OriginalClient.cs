using System.Globalization;
using System.Text;

namespace Xget.Interop.Tests.Original;

/// <summary>A file that a client of 2009 has copied.</summary>
internal sealed record Download(byte[] Bytes, string Redirect, Stat Stat);

/// <summary>
/// The tool of 2009 as a script: the requests of its traced sessions in their order. It copies files, announces each
/// as it begins, and serves what it has (<see cref="OriginalWorker"/>) until it is disposed.
/// </summary>
internal sealed class OriginalClient : IAsyncDisposable
{
    private const int PieceSize = 32768;
    private readonly Dictionary<string, uint> _announced = [];
    private readonly Random _order = new(2009);

    private OriginalClient(Mount master) => Master = master;

    public Mount Master { get; }

    public OriginalWorker Worker { get; } = new();

    /// <summary>What /log has given: the master's debug mask.</summary>
    public string DebugMask { get; private set; } = "";

    /// <summary>What has been copied, by path.</summary>
    public Dictionary<string, Download> Files { get; } = [];

    /// <summary>The directories that were seen, by path, with what Tstat told of them.</summary>
    public Dictionary<string, Stat> Directories { get; } = [];

    public static async Task<OriginalClient> ConnectAsync(string host, int port, string offer = "9P2000.u")
    {
        var client = new OriginalClient(await Mount.ConnectAsync(host, port, offer));
        uint log = await client.Master.OpenAsync(2, "log");
        ReadOnlyMemory<byte> mask = await client.Master.ReadAsync(log, 0, 32);
        Assert.True((await client.Master.ReadAsync(log, (ulong)mask.Length, (uint)(32 - mask.Length))).IsEmpty);
        client.DebugMask = Encoding.ASCII.GetString(mask.Span);
        return client;
    }

    /// <summary>Copies a file or a directory with all in it; "" is the root.</summary>
    public async Task CopyAsync(string path)
    {
        string[] names = path.Length == 0 ? [] : path.Split('/');
        if (names.Length > 0 && await StatFileAsync(names) is { } file)
        {
            await CopyFileAsync(path, names, file);
            return;
        }

        uint fid = await Master.WalkAsync(names) ?? throw new RefusedException("could not find file " + path);
        Stat stat = await Master.StatAsync(fid);
        if (!stat.IsDirectory)
        {
            return; // such as /log: neither a file of the tree nor a directory
        }

        Directories[path] = stat;
        await Master.OpenAsync(fid, 0);
        foreach (Stat entry in (await Master.ListAsync(fid)).OrderBy(_ => _order.Next()))
        {
            Assert.DoesNotContain('/', entry.Name);
            await CopyAsync(path.Length == 0 ? entry.Name : path + "/" + entry.Name);
        }
    }

    /// <summary>Takes the announcement of a file back, as the tool does at its end.</summary>
    public async Task WithdrawAsync(string path)
    {
        await Master.ClunkAsync(_announced[path]);
        _announced.Remove(path);
    }

    public async ValueTask DisposeAsync()
    {
        Master.Dispose();
        await Worker.DisposeAsync();
    }

    // "Is it a file?" is asked by a walk to its data; the fid of this Tstat is never clunked.
    private async Task<Stat?> StatFileAsync(string[] names)
    {
        try
        {
            return await Master.WalkAsync([.. names, "data"]) is { } fid
                && await Master.StatAsync(fid) is { IsDirectory: false } stat ? stat : null;
        }
        catch (RefusedException)
        {
            return null;
        }
    }

    private async Task CopyFileAsync(string path, string[] names, Stat stat)
    {
        string redirect = await Master.ReadSmallAsync([.. names, "redir"]);
        Mount? worker = await MountWorkerAsync(redirect);
        try
        {
            Mount from = worker ?? Master;
            uint data = await from.OpenAsync(0, [.. names, "data"]);
            await AnnounceAsync(path, names, redirect);
            byte[] bytes = await ReadDataAsync(from, data);
            Worker.Add(path, bytes);
            string checksum = await Master.ReadSmallAsync([.. names, "checksum"]);
            Assert.Equal(Adler.Of(bytes).ToString(CultureInfo.InvariantCulture), checksum);
            await from.ClunkAsync(data);
            Files[path] = new Download(bytes, redirect, stat);
        }
        finally
        {
            worker?.Dispose();
        }
    }

    // A worker that cannot be mounted is silently replaced by the master.
    private static async Task<Mount?> MountWorkerAsync(string redirect)
    {
        if (redirect == "me")
        {
            return null;
        }

        string[] parts = redirect.Split('!');
        Assert.Equal(2, parts.Length);
        try
        {
            return await Mount.ConnectAsync(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture));
        }
        catch (System.Net.Sockets.SocketException)
        {
            return null;
        }
    }

    private async Task AnnounceAsync(string path, string[] names, string redirect)
    {
        uint avail = await Master.OpenAsync(1, [.. names, "avail"]);
        string text = string.Create(CultureInfo.InvariantCulture, $"{Worker.Port} {redirect}\0");
        uint written = await Master.WriteAsync(avail, 0, text);
        Assert.Contains(written, new[] { 0u, (uint)text.Length });
        _announced[path] = avail;
    }

    private static async Task<byte[]> ReadDataAsync(Mount from, uint fid)
    {
        using var bytes = new MemoryStream();
        while (true)
        {
            ReadOnlyMemory<byte> piece = await from.ReadAsync(
                fid, (ulong)bytes.Length, Math.Min(PieceSize, from.IoUnit));
            if (piece.IsEmpty)
            {
                return bytes.ToArray();
            }

            bytes.Write(piece.Span);
        }
    }
}
