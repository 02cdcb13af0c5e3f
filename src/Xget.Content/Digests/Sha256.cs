using System.Runtime.InteropServices;

namespace Xget.Content;

/// <summary>SHA-256 (FIPS 180-4) over bytes that come in pieces, by libcrypto's block functions.</summary>
/// <remarks>
/// Lives on the stack; <c>default</c> is ready for use. Only SHA256_Init, _Update and _Final are called: a native
/// binary links them statically out of one object file, where the one-shot SHA256() would pull in all of OpenSSL 3.
/// </remarks>
public unsafe ref partial struct Sha256
{
    // SHA256_CTX is 112 bytes (8 + 2 + 16 + 2 words of 32 bits) in OpenSSL 1.0 to 3.x.
    private fixed ulong _context[16];
    private bool _started;

    /// <summary>Adds <paramref name="bytes"/> to what is hashed.</summary>
    public void Append(scoped ReadOnlySpan<byte> bytes)
    {
        fixed (ulong* context = _context)
        fixed (byte* data = bytes)
        {
            Start(context);
            if (bytes.Length > 0)
                SHA256_Update(context, data, (nuint)bytes.Length);
        }
    }

    /// <summary>Writes the digest's 32 bytes to the front of <paramref name="digest"/> and starts anew.</summary>
    public void Finish(scoped Span<byte> digest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(digest.Length, Digest.Size);
        fixed (ulong* context = _context)
        fixed (byte* result = digest)
        {
            Start(context);
            SHA256_Final(result, context);
        }
        _started = false;
    }

    /// <summary>The digest of all that was added; starts anew.</summary>
    public Digest Finish()
    {
        Span<byte> digest = stackalloc byte[Digest.Size];
        Finish(digest);
        return Digest.Read(digest);
    }

    private void Start(ulong* context)
    {
        if (_started)
            return;
        SHA256_Init(context);
        _started = true;
    }

    // All three return 1, always, which is left out here.
    [LibraryImport("libcrypto.so.3")]
    private static partial void SHA256_Init(ulong* context);

    [LibraryImport("libcrypto.so.3")]
    private static partial void SHA256_Update(ulong* context, byte* data, nuint length);

    [LibraryImport("libcrypto.so.3")]
    private static partial void SHA256_Final(byte* digest, ulong* context);
}
