using static Xget.NineP.Dialects;
using static Xget.NineP.FieldKind;

namespace Xget.NineP;

/// <summary>
/// All messages. The one table that says which there are serves dispatch, the check of a frame's layout and the trace.
/// Layouts: Plan 9's section 5, ericvh's 9P2000.u, and Linux's net/9p for 9P2000.L.
/// </summary>
internal static class MessageTable
{
    /// <summary>The message with that number, if there is one.</summary>
    public static MessageDefinition? Find(byte type) => Definitions[type];

    /// <summary>All messages in the order of their numbers.</summary>
    public static IEnumerable<MessageDefinition> All => Definitions.OfType<MessageDefinition>();

    private static readonly Field Fid = new("fid", U32);
    private static readonly Field NewFid = new("newfid", U32);
    private static readonly Field DirectoryFid = new("dfid", U32);
    private static readonly Field TheQid = new("qid", FieldKind.Qid);
    private static readonly Field Iounit = new("iounit", U32);
    private static readonly Field Name = new("name", FieldKind.String);
    private static readonly Field Offset = new("offset", U64);
    private static readonly Field Count = new("count", U32);
    private static readonly Field TheData = new("data", Data);
    private static readonly Field Uname = new("uname", FieldKind.String);
    private static readonly Field Aname = new("aname", FieldKind.String);
    private static readonly Field NUname = new("n_uname", U32, Numbered);
    private static readonly Field Mode = new("mode", U32);
    private static readonly Field Gid = new("gid", U32);

    // Last, for the initialisers run in this order.
    private static readonly MessageDefinition?[] Definitions = Build();

    private static MessageDefinition?[] Build()
    {
        MessageDefinition?[] table = new MessageDefinition?[256];

        Add(MessageType.Rlerror, "Rlerror", Linux, new Field("ecode", U32));
        Add(MessageType.Tstatfs, "Tstatfs", Linux, Fid);
        Add(MessageType.Rstatfs, "Rstatfs", Linux, new("type", U32), new("bsize", U32), new("blocks", U64),
            new("bfree", U64), new("bavail", U64), new("files", U64), new("ffree", U64), new("fsid", U64),
            new("namelen", U32));
        Add(MessageType.Tlopen, "Tlopen", Linux, Fid, new("flags", U32));
        Add(MessageType.Rlopen, "Rlopen", Linux, TheQid, Iounit);
        Add(MessageType.Tlcreate, "Tlcreate", Linux, Fid, Name, new("flags", U32), Mode, Gid);
        Add(MessageType.Rlcreate, "Rlcreate", Linux, TheQid, Iounit);
        Add(MessageType.Tsymlink, "Tsymlink", Linux, DirectoryFid, Name, new("symtgt", FieldKind.String), Gid);
        Add(MessageType.Rsymlink, "Rsymlink", Linux, TheQid);
        Add(MessageType.Tmknod, "Tmknod", Linux, DirectoryFid, Name, Mode, new("major", U32), new("minor", U32), Gid);
        Add(MessageType.Rmknod, "Rmknod", Linux, TheQid);
        Add(MessageType.Trename, "Trename", Linux, Fid, DirectoryFid, Name);
        Add(MessageType.Rrename, "Rrename", Linux);
        Add(MessageType.Treadlink, "Treadlink", Linux, Fid);
        Add(MessageType.Rreadlink, "Rreadlink", Linux, new Field("target", FieldKind.String));
        Add(MessageType.Tgetattr, "Tgetattr", Linux, Fid, new("request_mask", U64));
        Add(MessageType.Rgetattr, "Rgetattr", Linux, new("valid", U64), TheQid, Mode, new("uid", U32), Gid,
            new("nlink", U64), new("rdev", U64), new("size", U64), new("blksize", U64), new("blocks", U64),
            new("atime_sec", U64), new("atime_nsec", U64), new("mtime_sec", U64), new("mtime_nsec", U64),
            new("ctime_sec", U64), new("ctime_nsec", U64), new("btime_sec", U64), new("btime_nsec", U64),
            new("gen", U64), new("data_version", U64));
        Add(MessageType.Tsetattr, "Tsetattr", Linux, Fid, new("valid", U32), Mode, new("uid", U32), Gid,
            new("size", U64), new("atime_sec", U64), new("atime_nsec", U64), new("mtime_sec", U64),
            new("mtime_nsec", U64));
        Add(MessageType.Rsetattr, "Rsetattr", Linux);
        Add(MessageType.Txattrwalk, "Txattrwalk", Linux, Fid, NewFid, Name);
        Add(MessageType.Rxattrwalk, "Rxattrwalk", Linux, new Field("size", U64));
        Add(MessageType.Txattrcreate, "Txattrcreate", Linux, Fid, Name, new("attr_size", U64), new("flags", U32));
        Add(MessageType.Rxattrcreate, "Rxattrcreate", Linux);
        Add(MessageType.Treaddir, "Treaddir", Linux, Fid, Offset, Count);
        Add(MessageType.Rreaddir, "Rreaddir", Linux, TheData);
        Add(MessageType.Tfsync, "Tfsync", Linux, Fid, new("datasync", OptionalU32));
        Add(MessageType.Rfsync, "Rfsync", Linux);
        Add(MessageType.Tlock, "Tlock", Linux, Fid, new("type", U8), new("flags", U32), new("start", U64),
            new("length", U64), new("proc_id", U32), new("client_id", FieldKind.String));
        Add(MessageType.Rlock, "Rlock", Linux, new Field("status", U8));
        Add(MessageType.Tgetlock, "Tgetlock", Linux, Fid, new("type", U8), new("start", U64), new("length", U64),
            new("proc_id", U32), new("client_id", FieldKind.String));
        Add(MessageType.Rgetlock, "Rgetlock", Linux, new("type", U8), new("start", U64), new("length", U64),
            new("proc_id", U32), new("client_id", FieldKind.String));
        Add(MessageType.Tlink, "Tlink", Linux, DirectoryFid, Fid, Name);
        Add(MessageType.Rlink, "Rlink", Linux);
        Add(MessageType.Tmkdir, "Tmkdir", Linux, DirectoryFid, Name, Mode, Gid);
        Add(MessageType.Rmkdir, "Rmkdir", Linux, TheQid);
        Add(MessageType.Trenameat, "Trenameat", Linux, new("olddirfid", U32), new("oldname", FieldKind.String),
            new("newdirfid", U32), new("newname", FieldKind.String));
        Add(MessageType.Rrenameat, "Rrenameat", Linux);
        Add(MessageType.Tunlinkat, "Tunlinkat", Linux, new("dirfd", U32), Name, new("flags", U32));
        Add(MessageType.Runlinkat, "Runlinkat", Linux);
        Add(MessageType.Tversion, "Tversion", Dialects.All, new("msize", U32), new("version", FieldKind.String));
        Add(MessageType.Rversion, "Rversion", Dialects.All, new("msize", U32), new("version", FieldKind.String));
        Add(MessageType.Tauth, "Tauth", Dialects.All, new("afid", U32), Uname, Aname, NUname);
        Add(MessageType.Rauth, "Rauth", Dialects.All, new Field("aqid", FieldKind.Qid));
        Add(MessageType.Tattach, "Tattach", Dialects.All, Fid, new("afid", U32), Uname, Aname, NUname);
        Add(MessageType.Rattach, "Rattach", Dialects.All, TheQid);
        Add(MessageType.Rerror, "Rerror", Stats, new("ename", FieldKind.String), new("errno", U32, Unix));
        Add(MessageType.Tflush, "Tflush", Dialects.All, new Field("oldtag", U16));
        Add(MessageType.Rflush, "Rflush", Dialects.All);
        Add(MessageType.Twalk, "Twalk", Dialects.All, Fid, NewFid, new("wname", Names));
        Add(MessageType.Rwalk, "Rwalk", Dialects.All, new Field("wqid", Qids));
        Add(MessageType.Topen, "Topen", Stats, Fid, new("mode", U8));
        Add(MessageType.Ropen, "Ropen", Stats, TheQid, Iounit);
        Add(MessageType.Tcreate, "Tcreate", Stats, Fid, Name, new("perm", U32), new("mode", U8),
            new("extension", FieldKind.String, Unix));
        Add(MessageType.Rcreate, "Rcreate", Stats, TheQid, Iounit);
        Add(MessageType.Tread, "Tread", Dialects.All, Fid, Offset, Count);
        Add(MessageType.Rread, "Rread", Dialects.All, TheData);
        Add(MessageType.Twrite, "Twrite", Dialects.All, Fid, Offset, TheData);
        Add(MessageType.Rwrite, "Rwrite", Dialects.All, Count);
        Add(MessageType.Tclunk, "Tclunk", Dialects.All, Fid);
        Add(MessageType.Rclunk, "Rclunk", Dialects.All);
        Add(MessageType.Tremove, "Tremove", Dialects.All, Fid);
        Add(MessageType.Rremove, "Rremove", Dialects.All);
        Add(MessageType.Tstat, "Tstat", Stats, Fid);
        Add(MessageType.Rstat, "Rstat", Stats, new Field("stat", Stat));
        Add(MessageType.Twstat, "Twstat", Stats, Fid, new("stat", Stat));
        Add(MessageType.Rwstat, "Rwstat", Stats);
        return table;

        void Add(MessageType type, string name, Dialects dialects, params Field[] fields) =>
            table[(byte)type] = new MessageDefinition(type, name, dialects, fields);
    }
}
