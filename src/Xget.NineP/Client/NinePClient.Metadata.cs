using System.Buffers;
using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>The requests that the dialects have in different forms, and those that only some have.</summary>
public sealed partial class NinePClient
{
    /// <summary>What stat(2) tells, by Tgetattr or Tstat; what the dialect does not carry is 0 (owners: 0xFFFFFFFF).</summary>
    public ValueTask<Reply<(Qid Qid, Attributes Attributes)>> GetAttributesAsync(
        uint fid, CancellationToken ct = default)
    {
        bool linux = Dialect == Dialect.NineP2000L;
        var request = PendingRequest<(Qid, Attributes)>.Rent(
            linux ? MessageType.Rgetattr : MessageType.Rstat, linux ? Decode.Getattr : Decode.Stat);
        if (!linux)
        {
            return SendFidAsync(request, MessageType.Tstat, fid, ct);
        }

        Errno error;
        lock (_gate)
        {
            error = Reserve(request, SmallRequest, _options.RequestTimeout, out Span<byte> to);
            if (error == 0)
            {
                _outLength += Tgetattr.Write(to, request.Tag, fid, Tgetattr.Basic);
            }
        }

        return Launch(request, error, ct);
    }

    /// <summary>
    /// Reads entries of an open directory; none at the end. The next read begins at the last entry's NextOffset.
    /// "." and ".." are among them in 9P2000.L only.
    /// </summary>
    public ValueTask<Reply<DirectoryItem[]>> ReadDirectoryAsync(uint fid, ulong offset, CancellationToken ct = default)
    {
        if (Dialect != Dialect.NineP2000L)
        {
            return ReadStatsAsync(fid, offset, ct);
        }

        var request = PendingRequest<DirectoryItem[]>.Rent(MessageType.Rreaddir, Decode.Directory);
        Errno error;
        lock (_gate)
        {
            error = Reserve(request, SmallRequest, _options.RequestTimeout, out Span<byte> to);
            if (error == 0)
            {
                uint count = (uint)(Msize - NinePLimits.IoHeaderSize);
                _outLength += ReadRequest.Write(to, MessageType.Treaddir, request.Tag, fid, offset, count);
            }
        }

        return Launch(request, error, ct);
    }

    /// <summary>A symlink's target: 9P2000.L and .u; EOPNOTSUPP in 9P2000.</summary>
    public ValueTask<Reply<byte[]>> ReadLinkAsync(uint fid, CancellationToken ct = default) => Dialect switch
    {
        Dialect.NineP2000L => SendFidAsync(
            PendingRequest<byte[]>.Rent(MessageType.Rreadlink, Decode.Readlink), MessageType.Treadlink, fid, ct),
        Dialect.NineP2000u => SendFidAsync(
            PendingRequest<byte[]>.Rent(MessageType.Rstat, Decode.StatExtension), MessageType.Tstat, fid, ct),
        _ => ValueTask.FromResult(new Reply<byte[]>(Errno.EOPNOTSUPP, [])),
    };

    /// <summary>The figures of the file system: 9P2000.L only, else EOPNOTSUPP.</summary>
    public ValueTask<Reply<FileSystemStatistics>> StatFsAsync(uint fid, CancellationToken ct = default) =>
        Dialect == Dialect.NineP2000L
            ? SendFidAsync(
                PendingRequest<FileSystemStatistics>.Rent(MessageType.Rstatfs, Decode.Statfs),
                MessageType.Tstatfs, fid, ct)
            : ValueTask.FromResult(new Reply<FileSystemStatistics>(Errno.EOPNOTSUPP, default));

    /// <summary>
    /// Makes <paramref name="newFid"/> an extended attribute's value, to be read like a file, and tells its length in
    /// bytes; an empty name gives the list of names. 9P2000.L only, else EOPNOTSUPP.
    /// </summary>
    public ValueTask<Reply<ulong>> XattrWalkAsync(
        uint fid, uint newFid, ReadOnlyMemory<byte> name, CancellationToken ct = default)
    {
        if (Dialect != Dialect.NineP2000L)
        {
            return ValueTask.FromResult(new Reply<ulong>(Errno.EOPNOTSUPP, 0));
        }

        PendingRequest<ulong> request = PendingRequest<ulong>.Rent(MessageType.Rxattrwalk, Decode.Xattrwalk);
        Errno error;
        lock (_gate)
        {
            error = Reserve(request, SmallRequest + name.Length, _options.RequestTimeout, out Span<byte> to);
            if (error == 0)
            {
                _outLength += Txattrwalk.Write(to, request.Tag, fid, newFid, name.Span);
            }
        }

        return Launch(request, error, ct);
    }

    /// <summary>
    /// A small file as a whole: walk, open, reads and clunk in one burst. A read that comes back short is taken for the
    /// file's end. EFBIG if the file has more than <paramref name="maxBytes"/>.
    /// </summary>
    public async ValueTask<Reply<byte[]>> ReadAllAsync(
        uint rootFid, ReadOnlyMemory<byte>[] names, int maxBytes, CancellationToken ct = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        ArgumentOutOfRangeException.ThrowIfEqual(maxBytes, int.MaxValue);
        uint fid = NewFid();
        int size = maxBytes + 1;
        int piece = Msize - NinePLimits.IoHeaderSize;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(size);
        Task<Reply<int>>[] reads = new Task<Reply<int>>[(size + piece - 1) / piece];
        List<Task<Reply<Qid[]>>> walks = [];
        Task<Reply<(Qid, uint)>> open;
        Task<Reply<bool>> clunk;
        using (Burst())
        {
            int at = 0;
            do
            {
                int count = Math.Min(NinePLimits.MaxWalkNames, names.Length - at);
                walks.Add(WalkOnceAsync(at == 0 ? rootFid : fid, fid, names.AsSpan(at, count), ct).AsTask());
                at += count;
            }
            while (at < names.Length);

            open = OpenAsync(fid, OpenFlags.O_RDONLY, ct).AsTask();
            for (int i = 0; i < reads.Length; i++)
            {
                int offset = i * piece;
                Memory<byte> to = buffer.AsMemory(offset, Math.Min(piece, size - offset));
                reads[i] = ReadAsync(fid, (ulong)offset, to, ct).AsTask();
            }

            clunk = ClunkAsync(fid, CancellationToken.None).AsTask();
        }

        Failure failure = default;
        foreach (Task<Reply<Qid[]>> walk in walks)
        {
            failure.Note(await walk);
        }

        failure.Note(await open);
        int length = 0;
        bool ended = false;
        for (int i = 0; i < reads.Length; i++)
        {
            Reply<int> read = await reads[i];
            failure.Note(read);
            length += ended ? 0 : read.Value;
            ended |= read.Value < Math.Min(piece, size - i * piece);
        }

        await clunk;
        byte[] bytes = failure.Error == 0 && length <= maxBytes ? buffer.AsSpan(0, length).ToArray() : [];
        ArrayPool<byte>.Shared.Return(buffer);
        Errno error = failure.Error != 0 ? failure.Error : length > maxBytes ? Errno.EFBIG : 0;
        return new(error, bytes, failure.Text);
    }

    /// <summary>The same with names as text.</summary>
    public ValueTask<Reply<byte[]>> ReadAllAsync(
        uint rootFid, string[] names, int maxBytes, CancellationToken ct = default) =>
        ReadAllAsync(rootFid, Array.ConvertAll(names, Bytes), maxBytes, ct);

    private async ValueTask<Reply<DirectoryItem[]>> ReadStatsAsync(uint fid, ulong offset, CancellationToken ct)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Msize);
        Reply<int> read = await ReadAsync(fid, offset, buffer, ct);
        DirectoryItem[]? items = Decode.Stats(buffer.AsSpan(0, read.Value), Dialect, offset);
        ArrayPool<byte>.Shared.Return(buffer);
        if (items is not null)
        {
            return new(read.Error, items, read.ErrorText);
        }

        Lose(abort: true);
        return new(Errno.EPROTO, []);
    }

    /// <summary>The first failure of a burst, which is the cause of those after it.</summary>
    private struct Failure
    {
        public Errno Error { get; private set; }

        public string? Text { get; private set; }

        public void Note<T>(Reply<T> reply)
        {
            if (Error == 0)
            {
                Error = reply.Error;
                Text = reply.ErrorText;
            }
        }
    }
}
