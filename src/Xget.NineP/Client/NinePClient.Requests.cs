using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>The requests that every dialect has.</summary>
public sealed partial class NinePClient
{
    /// <summary>Room for any request of fixed size.</summary>
    private const int SmallRequest = 64;

    /// <summary>Attaches: <paramref name="fid"/> becomes the root of the tree <paramref name="aname"/>.</summary>
    public ValueTask<Reply<Qid>> AttachAsync(uint fid, string uname, string aname,
        uint nUname = NinePLimits.NoNUname, CancellationToken ct = default)
    {
        byte[] user = System.Text.Encoding.UTF8.GetBytes(uname);
        byte[] tree = System.Text.Encoding.UTF8.GetBytes(aname);
        PendingRequest<Qid> request = PendingRequest<Qid>.Rent(MessageType.Rattach, Decode.Qid);
        Errno error;
        lock (_gate)
        {
            error = Reserve(request, SmallRequest + user.Length + tree.Length, _options.RequestTimeout, out Span<byte> to);
            if (error == 0)
            {
                _outLength += Tattach.Write(to, Dialect, request.Tag, fid, NinePLimits.NoFid, user, tree, nUname);
            }
        }

        return Launch(request, error, ct);
    }

    /// <summary>
    /// Walks from <paramref name="fid"/> down <paramref name="names"/>; <paramref name="newFid"/> is what is found
    /// there, and exists only if all names were found. ENOENT also when only some were, with their qids. More than 16
    /// names become several Twalks.
    /// </summary>
    public ValueTask<Reply<Qid[]>> WalkAsync(
        uint fid, uint newFid, ReadOnlyMemory<byte>[] names, CancellationToken ct = default) =>
        names.Length <= NinePLimits.MaxWalkNames
            ? WalkOnceAsync(fid, newFid, names, ct)
            : WalkFarAsync(fid, newFid, names, ct);

    /// <summary>The same with names as text.</summary>
    public ValueTask<Reply<Qid[]>> WalkAsync(uint fid, uint newFid, params string[] names) =>
        WalkAsync(fid, newFid, Array.ConvertAll(names, Bytes));

    /// <summary>Opens a fid. The second value is the server's iounit in bytes; 0 means msize - 24.</summary>
    public ValueTask<Reply<(Qid Qid, uint Iounit)>> OpenAsync(uint fid, OpenFlags flags, CancellationToken ct = default)
    {
        bool linux = Dialect == Dialect.NineP2000L;
        PendingRequest<(Qid, uint)> request = PendingRequest<(Qid, uint)>.Rent(
            linux ? MessageType.Rlopen : MessageType.Ropen, Decode.Open);
        Errno error;
        lock (_gate)
        {
            error = Reserve(request, SmallRequest, _options.RequestTimeout, out Span<byte> to);
            if (error == 0)
            {
                _outLength += linux
                    ? Tlopen.Write(to, request.Tag, fid, (uint)flags)
                    : Topen.Write(to, request.Tag, fid, OpenModes.FromFlags(flags));
            }
        }

        return Launch(request, error, ct);
    }

    /// <summary>
    /// Reads into <paramref name="buffer"/>, at most msize - 24 bytes of it; 0 is the end of the file. The buffer is
    /// the client's until the reply is there.
    /// </summary>
    public ValueTask<Reply<int>> ReadAsync(
        uint fid, ulong offset, Memory<byte> buffer, CancellationToken ct = default) =>
        ReadAsync(fid, offset, buffer, _options.RequestTimeout, ct);

    /// <summary>
    /// The same with a time-out of its own; <see cref="Timeout.InfiniteTimeSpan"/> waits for as long as the connection
    /// lasts, as a read does whose server has yet to get the bytes.
    /// </summary>
    public ValueTask<Reply<int>> ReadAsync(
        uint fid, ulong offset, Memory<byte> buffer, TimeSpan timeout, CancellationToken ct = default)
    {
        int count = Math.Min(buffer.Length, Msize - NinePLimits.IoHeaderSize);
        PendingRequest<int> request = PendingRequest<int>.Rent(MessageType.Rread, null);
        request.Buffer = buffer[..count];
        Errno error;
        lock (_gate)
        {
            error = Reserve(request, SmallRequest, timeout, out Span<byte> to);
            if (error == 0)
            {
                _outLength += ReadRequest.Write(to, MessageType.Tread, request.Tag, fid, offset, (uint)count);
            }
        }

        return Launch(request, error, ct);
    }

    /// <summary>
    /// Writes at most msize - 24 bytes (of the least msize, until the server has answered its own); the answer is how many
    /// were written.
    /// </summary>
    public ValueTask<Reply<int>> WriteAsync(
        uint fid, ulong offset, ReadOnlyMemory<byte> data, CancellationToken ct = default)
    {
        data = data[..Math.Min(data.Length, MostSent - NinePLimits.IoHeaderSize)];
        PendingRequest<int> request = PendingRequest<int>.Rent(MessageType.Rwrite, Decode.Written, data.Length);
        Errno error;
        lock (_gate)
        {
            error = Reserve(request, NinePLimits.IoHeaderSize + data.Length, _options.RequestTimeout, out Span<byte> to);
            if (error == 0)
            {
                _outLength += Twrite.Write(to, request.Tag, fid, offset, data.Span);
            }
        }

        return Launch(request, error, ct);
    }

    /// <summary>Lets go of a fid; its number is free once the server has answered, whatever it answers.</summary>
    public ValueTask<Reply<bool>> ClunkAsync(uint fid, CancellationToken ct = default)
    {
        PendingRequest<bool> request = PendingRequest<bool>.Rent(MessageType.Rclunk, Decode.Empty);
        request.ClunkedFid = fid;
        return SendFidAsync(request, MessageType.Tclunk, fid, ct);
    }

    private static ReadOnlyMemory<byte> Bytes(string name) => System.Text.Encoding.UTF8.GetBytes(name);

    private ValueTask<Reply<T>> SendFidAsync<T>(
        PendingRequest<T> request, MessageType type, uint fid, CancellationToken ct)
    {
        Errno error;
        lock (_gate)
        {
            error = Reserve(request, SmallRequest, _options.RequestTimeout, out Span<byte> to);
            if (error == 0)
            {
                _outLength += FidMessage.Write(to, type, request.Tag, fid);
            }
        }

        return Launch(request, error, ct);
    }

    private ValueTask<Reply<Qid[]>> WalkOnceAsync(
        uint fid, uint newFid, ReadOnlySpan<ReadOnlyMemory<byte>> names, CancellationToken ct)
    {
        int size = SmallRequest;
        foreach (ReadOnlyMemory<byte> name in names)
        {
            size += 2 + name.Length;
        }

        PendingRequest<Qid[]> request = PendingRequest<Qid[]>.Rent(MessageType.Rwalk, Decode.Walk, names.Length);
        Errno error;
        lock (_gate)
        {
            error = Reserve(request, size, _options.RequestTimeout, out Span<byte> to);
            if (error == 0)
            {
                _outLength += Twalk.Write(to, request.Tag, fid, newFid, names);
            }
        }

        return Launch(request, error, ct);
    }

    private async ValueTask<Reply<Qid[]>> WalkFarAsync(
        uint fid, uint newFid, ReadOnlyMemory<byte>[] names, CancellationToken ct)
    {
        List<Qid> qids = [];
        for (int at = 0; at < names.Length; at += NinePLimits.MaxWalkNames)
        {
            int count = Math.Min(NinePLimits.MaxWalkNames, names.Length - at);
            Reply<Qid[]> leg = await WalkOnceAsync(at == 0 ? fid : newFid, newFid, names.AsSpan(at, count), ct);
            qids.AddRange(leg.Value ?? []);
            if (!leg.Ok)
            {
                if (at > 0)
                {
                    // The legs before have made the fid; the caller keeps its number.
                    await SendFidAsync(PendingRequest<bool>.Rent(MessageType.Rclunk, Decode.Empty),
                        MessageType.Tclunk, newFid, CancellationToken.None);
                }

                return leg with { Value = [.. qids] };
            }
        }

        return new(0, [.. qids]);
    }
}
