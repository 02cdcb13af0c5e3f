using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>One line of the table of operations.</summary>
/// <param name="opcode">Its number.</param>
/// <param name="inSize">Bytes of the fixed part of the request's body.</param>
/// <param name="names">How many names, each with a NUL at its end, follow the fixed part.</param>
internal abstract class Operation(FuseOpcode opcode, int inSize, int names)
{
    public FuseOpcode Opcode => opcode;

    /// <summary>The kernel's name, without FUSE_ and underscores.</summary>
    public string Name { get; } = opcode.ToString().ToUpperInvariant();

    public int InSize => inSize;

    public int Names => names;

    /// <summary>Whether the body holds the fixed part and the names.</summary>
    public bool Fits(ReadOnlySpan<byte> body)
    {
        if (body.Length < inSize)
        {
            return false;
        }

        body = body[inSize..];
        for (int i = 0; i < names; i++)
        {
            int length = body.IndexOf((byte)0);
            if (length <= 0)
            {
                return false;
            }

            body = body[(length + 1)..];
        }

        return true;
    }

    /// <summary>Does it, now or later, for a request that fits.</summary>
    public abstract void Run(FuseCore core, FuseRequest request);

    /// <summary>The fixed part in words, for the trace.</summary>
    public virtual string Print(FuseRequest request) => "";
}

/// <summary>An operation that is always answered with the same error, since it would change something or is not had.</summary>
internal sealed class Refusal(FuseOpcode opcode, int inSize, int names, Errno error) : Operation(opcode, inSize, names)
{
    public override void Run(FuseCore core, FuseRequest request)
    {
        request.Reply(error);
        core.Requests.End(request);
    }
}

/// <summary>An operation of the protocol itself, done at once; those that are not in need of a reply have none.</summary>
internal sealed class Immediate(FuseOpcode opcode, int inSize, Action<FuseCore, FuseRequest> run)
    : Operation(opcode, inSize, 0)
{
    public override void Run(FuseCore core, FuseRequest request)
    {
        try
        {
            run(core, request);
        }
        catch (Exception e)
        {
            core.Fail(request, e);
            return;
        }

        core.Requests.End(request);
    }
}
