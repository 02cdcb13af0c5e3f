using System.Runtime.InteropServices;
using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>
/// The protocol of one connection: bytes in, bytes out. Requests may be handled on several threads at once; each is
/// answered exactly once, on the channel that it came from, or not at all where the protocol has no answer.
/// </summary>
internal sealed class FuseCore
{
    // Enough for any request but WRITE, whose size INIT sets to the least there is.
    private const int RequestSize = 8192;

    private readonly TaskCompletionSource<Errno> _initialised =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private volatile bool _ended;

    public FuseCore(FuseFileSystem files, MountOptions options, FuseChannel main)
    {
        Files = files;
        Options = options;
        Main = main;
        Requests = new RequestTable(this, RequestSize);
        Buffers = new ReplyBuffers(options.MaxRead);
        Notifier = new FuseNotifier(main);
    }

    public FuseFileSystem Files { get; }

    public MountOptions Options { get; }

    /// <summary>The channel for what is no reply.</summary>
    public FuseChannel Main { get; }

    public RequestTable Requests { get; }

    public ReplyBuffers Buffers { get; }

    public FuseNotifier Notifier { get; }

    /// <summary>What was agreed on, after INIT.</summary>
    public FuseConnection? Connection { get; private set; }

    /// <summary>0 when INIT has been answered, or why it was refused.</summary>
    public Task<Errno> Initialised => _initialised.Task;

    /// <summary>
    /// Handles a request whose first <paramref name="length"/> bytes have been read into its buffer, and takes it over.
    /// Never throws for what it holds.
    /// </summary>
    public void Handle(FuseRequest request, FuseChannel channel, int length)
    {
        if (!request.Arrived(channel, length))
        {
            Complain($"{length} bytes that are no request");
            Requests.Return(request);
            return;
        }

        Operation? operation = OperationTable.Find(request.Opcode);
        TraceRequest(request, operation);
        if (operation is { Opcode: FuseOpcode.Interrupt } && request.Header.Len == length
            && operation.Fits(request.Body.Span))
        {
            Requests.Interrupt(request.Fixed<InterruptIn>().Unique);
            Requests.Return(request);
            return;
        }

        Requests.Begin(request);
        if (operation is null)
        {
            Refuse(request, Errno.ENOSYS);
        }
        else if (request.Header.Len != length || !operation.Fits(request.Body.Span))
        {
            Complain($"a malformed {operation.Name}");
            Refuse(request, Errno.EINVAL);
        }
        else if (Connection is null && operation.Opcode != FuseOpcode.Init)
        {
            Refuse(request, Errno.EIO);
        }
        else
        {
            operation.Run(this, request);
        }
    }

    /// <summary>Ends a request whose method has thrown.</summary>
    public void Fail(FuseRequest request, Exception thrown)
    {
        Errno error = Errno.EINTR;
        if (thrown is not OperationCanceledException)
        {
            error = Errno.EIO;
            Complain($"{NameOf(request.Opcode)} failed: {thrown.GetType().Name}: {thrown.Message}");
        }

        if (request.Entries.IsOpen)
        {
            request.Entries.Uncount(this);
            CloseEntries(request);
        }

        Refuse(request, error);
    }

    /// <summary>Takes back look-ups whose answer the kernel never saw.</summary>
    public void Uncount(ulong nodeid)
    {
        if (!_ended)
        {
            Files.Forget(nodeid, 1);
        }
    }

    /// <summary>The request needs its buffer for directory entries no longer.</summary>
    public void CloseEntries(FuseRequest request)
    {
        if (request.Entries.IsOpen)
        {
            Buffers.Return(request.Entries.Close());
        }
    }

    /// <summary>Answers INIT.</summary>
    public void Init(FuseRequest request)
    {
        if (Connection is not null)
        {
            request.Reply(Errno.EIO);
            return;
        }

        InitAnswer answer = InitNegotiation.Negotiate(request.Fixed<InitIn>(), Options, Environment.SystemPageSize);
        if (answer.Error != 0)
        {
            request.Reply(answer.Error);
            _initialised.TrySetResult(answer.Error);
            return;
        }

        if (answer.IsFinal)
        {
            FuseConnection connection = new(this, answer);
            try
            {
                Files.Init(connection);
            }
            catch (Exception e)
            {
                Complain($"the file system did not start: {e.GetType().Name}: {e.Message}");
                request.Reply(Errno.EIO);
                _initialised.TrySetResult(Errno.EIO);
                return;
            }

            Connection = connection;
        }

        InitOut reply = answer.Reply;
        Errno sent = request.Reply(
            MemoryMarshal.AsBytes(new ReadOnlySpan<InitOut>(in reply))[..answer.Length]);
        if (answer.IsFinal)
        {
            _initialised.TrySetResult(sent);
        }
    }

    /// <summary>The first reader has ended: if nobody asked to initialise by now, nobody will.</summary>
    public void NotInitialised() => _initialised.TrySetResult(Errno.ENODEV);

    /// <summary>
    /// The connection has ended: what waits is cancelled, and what does not end within
    /// <see cref="MountOptions.EndTimeout"/> is answered in its place.
    /// </summary>
    public async Task EndAsync()
    {
        NotInitialised();
        try
        {
            await Requests.DrainAsync().WaitAsync(Options.EndTimeout, Options.Time);
        }
        catch (TimeoutException)
        {
            Requests.ForEach(static request => request.Reply(Errno.EIO));
        }

        await Task.WhenAny(Notifier.EndAsync(), Task.Delay(Options.EndTimeout, Options.Time));
        _ended = true;
        if (Connection is not null)
        {
            try
            {
                Files.Destroy();
            }
            catch (Exception e)
            {
                Complain($"the file system did not end: {e.GetType().Name}: {e.Message}");
            }
        }
    }

    public static string NameOf(FuseOpcode opcode) => OperationTable.Find(opcode)?.Name ?? $"opcode {(uint)opcode}";

    public void Complain(string what) => Options.Complaint?.Invoke(what);

    public void TraceReply(FuseRequest request, Errno error, int length) =>
        Options.Trace?.Invoke($"{request.Unique} -> {(error == 0 ? "ok" : error.ToString())} {length} bytes");

    private void TraceRequest(FuseRequest request, Operation? operation)
    {
        if (Options.Trace is { } trace)
        {
            trace(TracePrinter.Print(request, operation));
        }
    }

    private void Refuse(FuseRequest request, Errno error)
    {
        if (OperationTable.HasReply(request.Opcode))
        {
            request.Reply(error);
        }

        Requests.End(request);
    }
}
