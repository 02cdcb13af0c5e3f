using System.Globalization;
using System.Text;

namespace Xget.Interop.Tests.Original;

/// <summary>
/// One mounted server, spoken to as the tool of 2009 does: asks for 9P2000.u with msize 32792 and takes what it is
/// given; attaches as root to the name ""; one request at a time, tag 0; fids are the lowest free numbers; every walk
/// starts at fid 0.
/// </summary>
internal sealed class Mount : IDisposable
{
    private const uint NoFid = 0xffffffff;
    private const uint Msize = 32768 + 24;
    private readonly SortedSet<uint> _freed = [];
    private uint _nextFid = 1; // 0 is the root
    private readonly Wire _wire;

    private Mount(Wire wire) => _wire = wire;

    /// <summary>The dialect that the server has answered.</summary>
    public string Version { get; private set; } = "";

    public uint ServerMsize { get; private set; }

    public bool IsUnix => Version == "9P2000.u";

    /// <summary>The most data in one message; the 2009 tool never asks for more than 32768.</summary>
    public uint IoUnit => ServerMsize - 24;

    public static async Task<Mount> ConnectAsync(string host, int port, string offer = "9P2000.u")
    {
        var mount = new Mount(await Wire.ConnectAsync(host, port));
        try
        {
            Taker version = await mount.CallAsync(
                Kind.Tversion, new Fields().U32(Msize).Text(offer), tag: 0xffff);
            mount.ServerMsize = version.U32();
            mount.Version = version.Text();
            Assert.Contains(mount.Version, new[] { "9P2000", offer });
            Assert.InRange(mount.ServerMsize, 4096u, Msize);
            Fields attach = new Fields().U32(0).U32(NoFid).Text("root").Text("");
            Taker root = await mount.CallAsync(Kind.Tattach, mount.IsUnix ? attach.U32(0) : attach);
            Assert.Equal(0x80, root.U8());
            return mount;
        }
        catch
        {
            mount.Dispose();
            throw;
        }
    }

    /// <summary>Sends a request and takes its reply; an Rerror is an exception.</summary>
    public async Task<Taker> CallAsync(Kind kind, Fields body, ushort tag = 0)
    {
        await _wire.SendAsync(kind, tag, body.ToArray());
        Message reply = await _wire.ReceiveAsync() ?? throw new IOException("the server closed the connection");
        Assert.Equal(tag, reply.Tag);
        if (reply.Kind == Kind.Rerror)
        {
            throw new RefusedException(new Taker(reply.Body).Text());
        }

        Assert.Equal(kind + 1, reply.Kind);
        return new Taker(reply.Body);
    }

    /// <summary>Sends bytes as they are and takes the next message, null when the server hangs up.</summary>
    public async Task<Message?> RawAsync(byte[] bytes)
    {
        await _wire.SendRawAsync(bytes);
        return await _wire.ReceiveAsync();
    }

    /// <summary>Sends bytes as they are and waits for nothing.</summary>
    public Task SendOnlyAsync(byte[] bytes) => _wire.SendRawAsync(bytes);

    /// <summary>Walks from the root; null when the walk came short (the fid is then free again).</summary>
    public async Task<uint?> WalkAsync(params string[] names)
    {
        uint fid = _freed.Count > 0 ? _freed.Min : _nextFid;
        Fields walk = new Fields().U32(0).U32(fid).U16(names.Length);
        foreach (string name in names)
        {
            walk.Text(name);
        }

        Taker reply = await CallAsync(Kind.Twalk, walk);
        if (reply.U16() < names.Length)
        {
            return null;
        }

        if (!_freed.Remove(fid))
        {
            _nextFid++;
        }

        return fid;
    }

    public async Task OpenAsync(uint fid, byte mode)
    {
        Taker open = await CallAsync(Kind.Topen, new Fields().U32(fid).U8(mode));
        open.Take(13);
        uint unit = open.U32();
        Assert.True(unit == 0 || unit >= 4096, "an iounit this small makes the tool of 2009 crawl");
    }

    public async Task<uint> OpenAsync(byte mode, params string[] names)
    {
        uint fid = await WalkAsync(names) ?? throw new RefusedException("short walk to " + string.Join('/', names));
        await OpenAsync(fid, mode);
        return fid;
    }

    public async Task<ReadOnlyMemory<byte>> ReadAsync(uint fid, ulong offset, uint count)
    {
        Taker read = await CallAsync(Kind.Tread, new Fields().U32(fid).U64(offset).U32(count));
        uint got = read.U32();
        Assert.InRange(got, 0u, count);
        return read.Take((int)got);
    }

    public async Task<uint> WriteAsync(uint fid, ulong offset, string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        return (await CallAsync(
            Kind.Twrite, new Fields().U32(fid).U64(offset).U32((uint)bytes.Length).Add(bytes))).U32();
    }

    public async Task ClunkAsync(uint fid)
    {
        await CallAsync(Kind.Tclunk, new Fields().U32(fid));
        _freed.Add(fid);
    }

    public async Task<Stat> StatAsync(uint fid)
    {
        Taker reply = await CallAsync(Kind.Tstat, new Fields().U32(fid));
        Assert.True(reply.U16() > 0);
        return TakeStat(reply);
    }

    /// <summary>
    /// A small file as the tool reads it: count 128 at offset 0, the rest of the 128 at the end of what came, clunk.
    /// </summary>
    public async Task<string> ReadSmallAsync(params string[] names)
    {
        uint fid = await OpenAsync(0, names);
        ReadOnlyMemory<byte> text = await ReadAsync(fid, 0, 128);
        ReadOnlyMemory<byte> more = await ReadAsync(fid, (ulong)text.Length, (uint)(128 - text.Length));
        Assert.True(more.IsEmpty, "one read gives the whole of " + string.Join('/', names));
        await ClunkAsync(fid);
        return Encoding.Latin1.GetString(text.Span);
    }

    /// <summary>The records of an open directory.</summary>
    public async Task<IReadOnlyList<Stat>> ListAsync(uint fid)
    {
        var entries = new List<Stat>();
        ulong offset = 0;
        while (true)
        {
            ReadOnlyMemory<byte> part = await ReadAsync(fid, offset, IoUnit);
            if (part.IsEmpty)
            {
                return entries;
            }

            offset += (ulong)part.Length;
            var records = new Taker(part);
            while (!records.IsEmpty)
            {
                entries.Add(TakeStat(records));
            }
        }
    }

    public void Dispose() => _wire.Dispose();

    private Stat TakeStat(Taker from)
    {
        var record = new Taker(from.Take(from.U16()));
        record.Take(2 + 4); // type, dev
        byte qidType = record.U8();
        record.Take(4 + 8); // qid version and path
        uint mode = record.U32();
        record.U32(); // atime
        uint mtime = record.U32();
        ulong length = record.U64();
        var stat = new Stat(record.Text(), qidType, mode, mtime, length);
        record.Text(); // uid
        record.Text(); // gid
        record.Text(); // muid
        if (IsUnix)
        {
            record.Text(); // extension
            record.Take(12); // n_uid, n_gid, n_muid
        }

        Assert.True(record.IsEmpty, string.Create(CultureInfo.InvariantCulture, $"stat of {stat.Name} is too long"));
        return stat;
    }
}
