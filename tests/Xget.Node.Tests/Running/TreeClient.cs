using System.Net;
using System.Text;
using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Wire;

namespace Xget.Node.Tests;

/// <summary>A 9P client that a test drives by hand, attached to a master's or a worker's tree.</summary>
internal sealed class TreeClient(NinePClient client) : IAsyncDisposable
{
    private const uint Root = 0;
    private const int Most = 64 << 20;

    public NinePClient Client => client;

    public static async Task<TreeClient> AttachAsync(ITransport host, IPEndPoint to, string name, string aname = "",
        Dialect dialect = Dialect.NineP2000L)
    {
        IConnection connection = await host.ConnectAsync(to, CancellationToken.None);
        Reply<NinePClient> version = await NinePClient.ConnectAsync(
            connection, new ClientOptions { Dialect = dialect }, TimeProvider.System, CancellationToken.None);
        Assert.Equal((Errno)0, version.Error);
        Assert.Equal(Root, version.Value.NewFid());
        Reply<Qid> attach = await version.Value.AttachAsync(Root, name, aname);
        Assert.Equal((Errno)0, attach.Error);
        return new TreeClient(version.Value);
    }

    /// <summary>The path of a file of a content's directory.</summary>
    public static string[] Of(Content.PublishedNode file, string name) =>
        [Names.Xget, Names.Objects, file.Data.Content.ToString(), name];

    /// <summary>A whole text.</summary>
    public async Task<string> ReadAsync(params string[] path) => Encoding.UTF8.GetString(await ReadBytesAsync(path));

    public async Task<byte[]> ReadBytesAsync(params string[] path)
    {
        Reply<byte[]> reply = await TryReadAsync(path);
        Assert.Equal((Errno)0, reply.Error);
        return reply.Value;
    }

    /// <summary>Reads until the end, however short the replies are.</summary>
    public async Task<Reply<byte[]>> TryReadAsync(params string[] path)
    {
        (OpenPath? file, Errno error) = await TryOpenAsync(OpenFlags.O_RDONLY, path);
        if (file is null)
            return new(error, []);
        var bytes = new MemoryStream();
        byte[] piece = new byte[1 << 20];
        Reply<int> read;
        do
        {
            read = await client.ReadAsync(file.Fid, (ulong)bytes.Length, piece);
            if (read.Ok)
                bytes.Write(piece, 0, read.Value);
        }
        while (read.Ok && read.Value > 0 && bytes.Length < Most);
        await file.CloseAsync();
        return new(read.Error, bytes.ToArray());
    }

    public async Task<OpenPath> OpenAsync(OpenFlags flags, params string[] path)
    {
        (OpenPath? file, Errno error) = await TryOpenAsync(flags, path);
        Assert.Equal((Errno)0, error);
        return file!;
    }

    public async Task<(OpenPath? File, Errno Error)> TryOpenAsync(OpenFlags flags, params string[] path)
    {
        uint fid = client.NewFid();
        Reply<Qid[]> walk = await client.WalkAsync(Root, fid, path);
        if (!walk.Ok)
        {
            client.FreeFid(fid);
            return (null, walk.Error);
        }
        Reply<(Qid, uint)> open = await client.OpenAsync(fid, flags);
        if (open.Ok)
            return (new OpenPath(client, fid), 0);
        await client.ClunkAsync(fid);
        return (null, open.Error);
    }

    /// <summary>The names in a directory, without dots, in order.</summary>
    public async Task<string[]> ListAsync(params string[] path)
    {
        OpenPath directory = await OpenAsync(OpenFlags.O_RDONLY, path);
        List<string> names = [];
        for (ulong offset = 0; ;)
        {
            Reply<DirectoryItem[]> items = await client.ReadDirectoryAsync(directory.Fid, offset);
            Assert.Equal((Errno)0, items.Error);
            if (items.Value.Length == 0)
                break;
            names.AddRange(items.Value.Select(i => Encoding.UTF8.GetString(i.Name)));
            offset = items.Value[^1].NextOffset;
        }
        await directory.CloseAsync();
        return [.. names.Where(n => n is not ("." or "..")).Order(StringComparer.Ordinal)];
    }

    public ValueTask DisposeAsync() => client.DisposeAsync();

    /// <summary>An open file.</summary>
    internal sealed class OpenPath(NinePClient client, uint fid)
    {
        public uint Fid => fid;

        public async Task<string> ReadAsync(ulong offset = 0, int count = 8192)
        {
            byte[] bytes = new byte[count];
            Reply<int> read = await client.ReadAsync(fid, offset, bytes);
            Assert.Equal((Errno)0, read.Error);
            return Encoding.UTF8.GetString(bytes, 0, read.Value);
        }

        public async Task<Errno> ReadErrorAsync() => (await client.ReadAsync(fid, 0, new byte[64])).Error;

        public async Task<Reply<int>> TryWriteAsync(string text, ulong offset = 0) =>
            await client.WriteAsync(fid, offset, Encoding.UTF8.GetBytes(text));

        public async Task WriteAsync(string text)
        {
            Reply<int> written = await TryWriteAsync(text);
            Assert.Equal((Errno)0, written.Error);
            Assert.Equal(Encoding.UTF8.GetByteCount(text), written.Value);
        }

        public async Task CloseAsync() => Assert.Equal((Errno)0, (await client.ClunkAsync(fid)).Error);
    }
}
