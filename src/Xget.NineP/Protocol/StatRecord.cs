using System.Text;

namespace Xget.NineP;

/// <summary>
/// A stat record of 9P2000 (stat(5)) and its .u extension: size[2] type[2] dev[4] qid[13] mode[4] atime[4] mtime[4]
/// length[8] name[s] uid[s] gid[s] muid[s], and in .u extension[s] n_uid[4] n_gid[4] n_muid[4].
/// </summary>
internal readonly ref struct StatRecord
{
    private const int FixedLength = 41;
    private readonly ReadOnlySpan<byte> _record;

    /// <param name="record">Bytes that <see cref="LengthOf"/> has found to be whole.</param>
    /// <param name="dialect">9P2000 or 9P2000.u.</param>
    public StatRecord(ReadOnlySpan<byte> record, Dialect dialect)
    {
        _record = record;
        int at = FixedLength;
        Name = Next(record, ref at);
        Uid = Next(record, ref at);
        Gid = Next(record, ref at);
        Muid = Next(record, ref at);
        NUid = NGid = NMuid = NinePLimits.NoNUname;
        if (dialect == Dialect.NineP2000u)
        {
            Extension = Next(record, ref at);
            NUid = Wire.U32(record, at);
            NGid = Wire.U32(record, at + 4);
            NMuid = Wire.U32(record, at + 8);
        }
    }

    public Qid Qid => Wire.Qid(_record, 8);

    public uint Mode => Wire.U32(_record, 21);

    public uint Atime => Wire.U32(_record, 25);

    public uint Mtime => Wire.U32(_record, 29);

    public ulong Length => Wire.U64(_record, 33);

    public ReadOnlySpan<byte> Name { get; }

    public ReadOnlySpan<byte> Uid { get; }

    public ReadOnlySpan<byte> Gid { get; }

    public ReadOnlySpan<byte> Muid { get; }

    public ReadOnlySpan<byte> Extension { get; }

    public uint NUid { get; }

    public uint NGid { get; }

    public uint NMuid { get; }

    /// <summary>The length of the record at the start of <paramref name="at"/>, or -1 if it is broken.</summary>
    public static int LengthOf(ReadOnlySpan<byte> at, Dialect dialect)
    {
        if (at.Length < 2 || 2 + Wire.U16(at, 0) > at.Length)
        {
            return -1;
        }

        int length = 2 + Wire.U16(at, 0);
        int end = FixedLength;
        int strings = dialect == Dialect.NineP2000u ? 5 : 4;
        for (int i = 0; i < strings; i++)
        {
            if (length - end < 2)
            {
                return -1;
            }

            end += 2 + Wire.U16(at, end);
        }

        end += dialect == Dialect.NineP2000u ? 12 : 0;
        return end == length ? length : -1;
    }

    /// <summary>Writes a record; nothing is written (and 0 returned) where it does not fit.</summary>
    public static int Write(Span<byte> to, Dialect dialect, Qid qid, ReadOnlySpan<byte> name, in Attributes attributes,
        ReadOnlySpan<byte> symlinkTarget)
    {
        NinePWriter w = new(to);
        w.U16(0);
        w.U16(0);
        w.U32(0);
        w.Qid(qid);
        w.U32(StatMode.FromUnix(attributes.Mode, dialect));
        w.U32((uint)Math.Clamp(attributes.Atime.Seconds, 0, uint.MaxValue));
        w.U32((uint)Math.Clamp(attributes.Mtime.Seconds, 0, uint.MaxValue));
        w.U64(qid.IsDirectory ? 0 : attributes.Size);
        w.String(name);
        w.Decimal(attributes.Uid);
        w.Decimal(attributes.Gid);
        w.Decimal(attributes.Uid);
        if (dialect == Dialect.NineP2000u)
        {
            WriteExtension(ref w, attributes, symlinkTarget);
            w.U32(attributes.Uid);
            w.U32(attributes.Gid);
            w.U32(attributes.Uid);
        }

        int length = w.FinishBare();
        if (length == 0 || length - 2 > ushort.MaxValue)
        {
            return 0;
        }

        w.PatchU16(0, length - 2);
        return length;
    }

    private static void WriteExtension(ref NinePWriter w, in Attributes attributes, ReadOnlySpan<byte> symlinkTarget)
    {
        switch (attributes.Mode & StatMode.TypeMask)
        {
            case StatMode.Symlink:
                w.String(symlinkTarget);
                break;
            case StatMode.CharacterDevice:
            case StatMode.BlockDevice:
                char kind = (attributes.Mode & StatMode.TypeMask) == StatMode.CharacterDevice ? 'c' : 'b';
                w.String(Encoding.ASCII.GetBytes($"{kind} {attributes.RdevMajor} {attributes.RdevMinor}"));
                break;
            default:
                w.String([]);
                break;
        }
    }

    private static ReadOnlySpan<byte> Next(ReadOnlySpan<byte> record, scoped ref int at)
    {
        ReadOnlySpan<byte> value = Wire.String(record, at);
        at += 2 + value.Length;
        return value;
    }
}
