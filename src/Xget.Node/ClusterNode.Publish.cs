using Mono.Unix.Native;
using Xget.Content.Linux;
using Xget.NineP;
using Xget.Node.Fetching;
using Xget.Node.Wire;

namespace Xget.Node;

/// <summary>How a process on the master's machine has it publish.</summary>
public sealed partial class ClusterNode
{
    private const int MostReport = 64 << 10;

    /// <summary>Makes the master publish what has changed, and waits for the end of that.</summary>
    /// <returns>
    /// The report; null and no reason if an older master was asked, which does not say what becomes of it; or why it could
    /// not be asked.
    /// </returns>
    public async ValueTask<(PublishReport? Report, string? Reason)> PublishAsync(CancellationToken ct)
    {
        (MasterLink.Attachment? attachment, string? reason) = await _context.Master.GetAsync(ct);
        if (attachment is null)
            return (null, reason);
        NinePClient client = attachment.Client;
        uint fid = client.NewFid();
        Reply<Qid[]> walk = await client.WalkAsync(MasterLink.RootFid, fid, Names.Xget, Names.Publish);
        if (!walk.Ok)
        {
            client.FreeFid(fid, walk.Error);
            return (null, Words.Of(walk.Error));
        }
        Reply<(Qid, uint)> open = await client.OpenAsync(fid, OpenFlags.O_RDWR, ct);
        Reply<int> written = open.Ok ? await client.WriteAsync(fid, 0, "now"u8.ToArray(), ct) : new(open.Error, 0);
        byte[] text = new byte[MostReport];
        int length = 0;
        Reply<int> read = written;
        while (read.Ok && length < text.Length)
        {
            read = await client.ReadAsync(fid, (ulong)length, text.AsMemory(length), Timeout.InfiniteTimeSpan, ct);
            if (read.Value == 0)
                break;
            length += read.Value;
        }
        _ = client.ClunkAsync(fid, CancellationToken.None).AsTask();
        ct.ThrowIfCancellationRequested();
        return written.Error == Errno.EACCES ? (null, "only a process on the master's own machine may ask for it")
            : !written.Ok ? (null, Words.Of(written.Error))
            : read.Error == Errno.EACCES ? (null, null)
            : !read.Ok ? (null, $"asked, but how it ended is not known: {Words.Of(read.Error)}")
            : PublishReport.Parse(text.AsSpan(0, length)) is { } report ? (report, null)
            : (null, "asked, but the answer is not understood (is the master a newer xget?)");
    }
}
