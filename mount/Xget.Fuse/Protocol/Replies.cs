using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>How each kind of result becomes a reply.</summary>
internal static class Replies
{
    private const int LongestLink = 4095;

    public static void SendError(FuseCore core, FuseRequest request, Errno error) => request.Reply(error);

    public static void SendEntry(FuseCore core, FuseRequest request, FuseResult<EntryOut> entry)
    {
        if (entry.Error != 0)
        {
            request.Reply(entry.Error);
            return;
        }

        EntryWire wire = EntryWire.Of(entry.Value);
        if (request.Reply(in wire) != 0 && wire.NodeId != 0)
        {
            core.Uncount(wire.NodeId);
        }
    }

    public static void SendAttr(FuseCore core, FuseRequest request, FuseResult<AttrOut> attr) =>
        Send(request, attr.Error, AttrWire.Of(attr.Value));

    public static void SendStatx(FuseCore core, FuseRequest request, FuseResult<StatxOut> statx) =>
        Send(request, statx.Error, StatxWire.Of(statx.Value));

    public static void SendStatFs(FuseCore core, FuseRequest request, FuseResult<FuseStatFs> sizes) =>
        Send(request, sizes.Error, sizes.Value);

    public static void SendOpen(FuseCore core, FuseRequest request, FuseResult<OpenOut> open) =>
        Send(request, open.Error, open.Value);

    /// <summary>A kernel that cannot open directories by itself gets an answer that comes to the same.</summary>
    public static void SendOpenDir(FuseCore core, FuseRequest request, FuseResult<OpenOut> open)
    {
        if (open.Error == Errno.ENOSYS && !core.Connection!.Offered.HasFlag(FuseInitFlags.NoOpenDirSupport))
        {
            open = new OpenOut(0, FuseOpenFlags.KeepCache | FuseOpenFlags.CacheDirectory);
        }

        SendOpen(core, request, open);
    }

    public static void SendOffset(FuseCore core, FuseRequest request, FuseResult<ulong> offset) =>
        Send(request, offset.Error, new LseekOut(offset.Value));

    public static void SendLink(FuseCore core, FuseRequest request, FuseResult<ReadOnlyMemory<byte>> target)
    {
        if (target.Error != 0 || target.Value.Length > LongestLink)
        {
            request.Reply(target.Error != 0 ? target.Error : Errno.ENAMETOOLONG);
            return;
        }

        request.Reply(target.Value.Span);
    }

    /// <summary>Asked for 0 bytes the size, else the value if it fits.</summary>
    public static void SendXattr(FuseCore core, FuseRequest request, FuseResult<ReadOnlyMemory<byte>> value)
    {
        uint size = request.Fixed<GetXattrIn>().Size;
        if (value.Error != 0 || size == 0)
        {
            Send(request, value.Error, new GetXattrOut((uint)value.Value.Length));
        }
        else if (value.Value.Length > size)
        {
            request.Reply(Errno.ERANGE);
        }
        else
        {
            request.Reply(value.Value.Span);
        }
    }

    public static void SendData(FuseCore core, FuseRequest request, FuseResult<FuseData> data)
    {
        if (data.Error != 0)
        {
            request.Reply(data.Error);
            return;
        }

        try
        {
            int count = (int)Math.Min((uint)data.Value.Count, request.Fixed<ReadIn>().Size);
            if (data.Value.Handle is null)
            {
                request.Reply(data.Value.Data.Span[..count]);
            }
            else
            {
                SendFile(core, request, data.Value, count);
            }
        }
        finally
        {
            data.Value.Owner?.Dispose();
        }
    }

    /// <summary>Sends what was added; an error counts only if nothing was.</summary>
    public static void SendEntries(FuseCore core, FuseRequest request, Errno error)
    {
        DirectoryWriter entries = request.Entries;
        if (!entries.IsOpen || (error != 0 && entries.Written == 0))
        {
            request.Reply(error);
        }
        else if (request.Reply(entries.Buffer, entries.Written) != 0)
        {
            entries.Uncount(core);
        }

        core.CloseEntries(request);
    }

    private static void Send<T>(FuseRequest request, Errno error, in T body) where T : unmanaged
    {
        if (error != 0)
        {
            request.Reply(error);
        }
        else
        {
            request.Reply(in body);
        }
    }

    /// <summary>
    /// Straight from the file into the reply. A file that has become too short is an error, since a short answer would
    /// make the kernel believe that this is the end.
    /// </summary>
    private static void SendFile(FuseCore core, FuseRequest request, in FuseData data, int count)
    {
        byte[] buffer = core.Buffers.Rent(count);
        try
        {
            Errno error = ReadWhole(data, buffer.AsSpan(ReplyBuffers.BodyOffset, count));
            if (error == 0)
            {
                request.Reply(buffer, count);
            }
            else
            {
                ReadIn asked = request.Fixed<ReadIn>();
                core.Files.Unreadable(request.NodeId, asked.Fh, asked.Offset, count);
                request.Reply(error);
            }
        }
        finally
        {
            core.Buffers.Return(buffer);
        }
    }

    private static Errno ReadWhole(in FuseData data, Span<byte> whole)
    {
        long offset = data.Offset;
        while (!whole.IsEmpty)
        {
            int read = Native.ReadAt(data.Handle!, whole, offset, out Errno error);
            if (error == Errno.EINTR)
            {
                continue;
            }

            if (read <= 0)
            {
                return error != 0 ? error : Errno.EIO;
            }

            whole = whole[read..];
            offset += read;
        }

        return 0;
    }
}
