using Mono.Unix.Native;
using Xget.NineP;

namespace Xget.Node.Fetching;

/// <summary>Reads a file of unknown length to its end.</summary>
internal static class WholeFile
{
    private const int FirstRead = 8192;

    /// <summary>Walk, open and a first read leave as one burst; most files need no more. EFBIG above <paramref name="most"/> bytes.</summary>
    internal static async ValueTask<Reply<byte[]>> ReadAsync(NinePClient client, ReadOnlyMemory<byte>[] path, int most, CancellationToken ct)
    {
        uint fid = client.NewFid();
        byte[] bytes = new byte[FirstRead];
        Task<Reply<Qid[]>> walk;
        Task<Reply<int>> first;
        using (client.Burst())
        {
            walk = client.WalkAsync(MasterLink.RootFid, fid, path, ct).AsTask();
            _ = client.OpenAsync(fid, OpenFlags.O_RDONLY, ct).AsTask();
            first = client.ReadAsync(fid, 0, bytes, ct).AsTask();
        }
        Reply<Qid[]> walked = await walk;
        Reply<int> read = await first;
        if (!walked.Ok)
        {
            client.FreeFid(fid, walked.Error);
            return new(walked.Error, [], walked.ErrorText);
        }
        int length = 0;
        while (read.Ok && read.Value > 0)
        {
            length += read.Value;
            if (length > most)
                read = new(Errno.EFBIG, 0);
            else
            {
                if (length == bytes.Length)
                    Array.Resize(ref bytes, (int)Math.Min(bytes.Length * 4L, most + 1L));
                read = await client.ReadAsync(fid, (ulong)length, bytes.AsMemory(length), ct);
            }
        }
        await client.ClunkAsync(fid, ct);
        return read.Ok ? new(0, bytes[..length]) : new(read.Error, [], read.ErrorText);
    }
}
