namespace Xget.NineP;

/// <summary>
/// Rgetattr: valid[8] qid[13] mode[4] uid[4] gid[4] nlink[8] rdev[8] size[8] blksize[8] blocks[8], then seconds[8]
/// and nanoseconds[8] of atime, mtime, ctime, btime, then gen[8] data_version[8]; the last four are not used.
/// </summary>
internal readonly ref struct Rgetattr(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public ulong Valid => Wire.U64(_body, 0);

    public Qid Qid => Wire.Qid(_body, 8);

    public Attributes Attributes => new()
    {
        Mode = Wire.U32(_body, 21),
        Uid = Wire.U32(_body, 25),
        Gid = Wire.U32(_body, 29),
        NLink = Wire.U64(_body, 33),
        Rdev = Wire.U64(_body, 41),
        Size = Wire.U64(_body, 49),
        BlockSize = Wire.U64(_body, 57),
        Blocks = Wire.U64(_body, 65),
        Atime = Wire.Timespec(_body, 73),
        Mtime = Wire.Timespec(_body, 89),
        Ctime = Wire.Timespec(_body, 105),
    };

    public static int Write(Span<byte> frame, ushort tag, ulong valid, Qid qid, in Attributes attributes)
    {
        NinePWriter w = new(frame, MessageType.Rgetattr, tag);
        w.U64(valid);
        w.Qid(qid);
        w.U32(attributes.Mode);
        w.U32(attributes.Uid);
        w.U32(attributes.Gid);
        w.U64(attributes.NLink);
        w.U64(attributes.Rdev);
        w.U64(attributes.Size);
        w.U64(attributes.BlockSize);
        w.U64(attributes.Blocks);
        w.Timespec(attributes.Atime);
        w.Timespec(attributes.Mtime);
        w.Timespec(attributes.Ctime);
        w.Timespec(default);
        w.U64(0);
        w.U64(0);
        return w.Finish();
    }
}
