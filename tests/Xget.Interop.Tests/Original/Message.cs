namespace Xget.Interop.Tests.Original;

/// <summary>Message numbers of 9P2000 (intro(5) of Plan 9's manual).</summary>
internal enum Kind : byte
{
    Tversion = 100, Rversion, Tauth, Rauth, Tattach, Rattach, Rerror = 107, Tflush, Rflush, Twalk, Rwalk, Topen, Ropen,
    Tcreate, Rcreate, Tread, Rread, Twrite, Rwrite, Tclunk, Rclunk, Tremove, Rremove, Tstat, Rstat, Twstat, Rwstat,
}

/// <summary>A message: its kind, its tag, and the bytes after them.</summary>
internal sealed record Message(Kind Kind, ushort Tag, byte[] Body);
