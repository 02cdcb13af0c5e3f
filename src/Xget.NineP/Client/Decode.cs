using System.Globalization;
using System.Text;

namespace Xget.NineP;

/// <summary>Replies' bodies, whose layout is checked, into what the client's callers see.</summary>
internal static class Decode
{
    public static bool Qid(Dialect dialect, int asked, ReadOnlySpan<byte> body, out Reply<Qid> reply)
    {
        reply = new(0, new QidMessage(body).Qid);
        return true;
    }

    public static bool Empty(Dialect dialect, int asked, ReadOnlySpan<byte> body, out Reply<bool> reply)
    {
        reply = new(0, true);
        return true;
    }

    public static bool Walk(Dialect dialect, int asked, ReadOnlySpan<byte> body, out Reply<Qid[]> reply)
    {
        Rwalk walk = new(body);
        if (walk.Count > asked)
        {
            reply = default;
            return false;
        }

        Qid[] qids = new Qid[walk.Count];
        for (int i = 0; i < qids.Length; i++)
        {
            qids[i] = walk[i];
        }

        reply = new(qids.Length < asked ? Mono.Unix.Native.Errno.ENOENT : 0, qids);
        return true;
    }

    public static bool Open(Dialect dialect, int asked, ReadOnlySpan<byte> body, out Reply<(Qid, uint)> reply)
    {
        OpenReply open = new(body);
        reply = new(0, (open.Qid, open.Iounit));
        return true;
    }

    public static bool Written(Dialect dialect, int asked, ReadOnlySpan<byte> body, out Reply<int> reply)
    {
        uint count = new Rwrite(body).Count;
        reply = new(0, (int)count);
        return count <= (uint)asked;
    }

    public static bool Getattr(Dialect dialect, int asked, ReadOnlySpan<byte> body, out Reply<(Qid, Attributes)> reply)
    {
        Rgetattr getattr = new(body);
        reply = new(0, (getattr.Qid, getattr.Attributes));
        return true;
    }

    public static bool Stat(Dialect dialect, int asked, ReadOnlySpan<byte> body, out Reply<(Qid, Attributes)> reply)
    {
        StatRecord record = new Rstat(body).Record(dialect);
        reply = new(0, (record.Qid, AttributesOf(record)));
        return true;
    }

    public static bool StatExtension(Dialect dialect, int asked, ReadOnlySpan<byte> body, out Reply<byte[]> reply)
    {
        StatRecord record = new Rstat(body).Record(dialect);
        bool isLink = (StatMode.ToUnix(record.Mode, record.Extension) & StatMode.TypeMask) == StatMode.Symlink;
        reply = new(isLink ? 0 : Mono.Unix.Native.Errno.EINVAL, record.Extension.ToArray());
        return true;
    }

    public static bool Readlink(Dialect dialect, int asked, ReadOnlySpan<byte> body, out Reply<byte[]> reply)
    {
        reply = new(0, new Rreadlink(body).Target.ToArray());
        return true;
    }

    public static bool Statfs(Dialect dialect, int asked, ReadOnlySpan<byte> body,
        out Reply<FileSystemStatistics> reply)
    {
        reply = new(0, new Rstatfs(body).Statistics);
        return true;
    }

    public static bool Xattrwalk(Dialect dialect, int asked, ReadOnlySpan<byte> body, out Reply<ulong> reply)
    {
        reply = new(0, new Rxattrwalk(body).Size);
        return true;
    }

    public static bool Directory(Dialect dialect, int asked, ReadOnlySpan<byte> body,
        out Reply<DirectoryItem[]> reply)
    {
        ReadOnlySpan<byte> rest = new DataReply(body).Data;
        List<DirectoryItem> items = [];
        while (!rest.IsEmpty)
        {
            int length = DirectoryEntry.LengthOf(rest);
            if (length < 0)
            {
                reply = default;
                return false;
            }

            DirectoryEntry entry = new(rest);
            items.Add(new(entry.Name.ToArray(), entry.Qid, entry.Type, entry.Offset));
            rest = rest[length..];
        }

        reply = new(0, [.. items]);
        return true;
    }

    /// <summary>A plain directory's records; null if they are broken.</summary>
    public static DirectoryItem[]? Stats(ReadOnlySpan<byte> records, Dialect dialect, ulong offset)
    {
        const int TypeShift = 12;
        List<DirectoryItem> items = [];
        while (!records.IsEmpty)
        {
            int length = StatRecord.LengthOf(records, dialect);
            if (length < 0)
            {
                return null;
            }

            StatRecord record = new(records, dialect);
            offset += (ulong)length;
            byte type = (byte)((StatMode.ToUnix(record.Mode, record.Extension) & StatMode.TypeMask) >> TypeShift);
            items.Add(new(record.Name.ToArray(), record.Qid, type, offset));
            records = records[length..];
        }

        return [.. items];
    }

    private static Attributes AttributesOf(in StatRecord record) => new()
    {
        Mode = StatMode.ToUnix(record.Mode, record.Extension),
        Uid = Owner(record.NUid, record.Uid),
        Gid = Owner(record.NGid, record.Gid),
        NLink = 1,
        Rdev = DeviceOf(record.Extension),
        Size = record.Length,
        Blocks = record.Length / 512 + (record.Length % 512 > 0 ? 1UL : 0),
        Atime = new(record.Atime, 0),
        Mtime = new(record.Mtime, 0),
        Ctime = new(record.Mtime, 0),
    };

    private static uint Owner(uint number, ReadOnlySpan<byte> name) =>
        number == NinePLimits.NoNUname && uint.TryParse(name, CultureInfo.InvariantCulture, out uint parsed)
            ? parsed
            : number;

    /// <summary>The device number in an extension such as "c 1 3", 0 if it is none.</summary>
    private static ulong DeviceOf(ReadOnlySpan<byte> extension)
    {
        string[] words = extension.Length is > 0 and < 32 ? Encoding.ASCII.GetString(extension).Split(' ') : [];
        return words is ["b" or "c", string major, string minor]
            && uint.TryParse(major, out uint majorNumber) && uint.TryParse(minor, out uint minorNumber)
            ? Attributes.MakeDevice(majorNumber, minorNumber)
            : 0;
    }
}
