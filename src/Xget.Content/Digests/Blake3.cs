using System.Runtime.InteropServices;

namespace Xget.Content;

/// <summary>BLAKE3 over bytes that come in pieces, by its own C library, which knows the processor's vector instructions.</summary>
/// <remarks>
/// Lives on the stack; <c>default</c> is ready for use. The library is linked into the native binary (the compiler ahead of
/// time has no checks at run time for more than SSE 4.2), and lies beside the assemblies elsewhere: packaging/build-blake3.
/// </remarks>
public unsafe ref partial struct Blake3
{
    // blake3_hasher has 1912 bytes in version 1.3.
    private fixed ulong _hasher[256];
    private bool _started;

    /// <summary>Adds <paramref name="bytes"/> to what is hashed.</summary>
    public void Append(scoped ReadOnlySpan<byte> bytes)
    {
        fixed (ulong* hasher = _hasher)
        fixed (byte* data = bytes)
        {
            Start(hasher);
            if (bytes.Length > 0)
                blake3_hasher_update(hasher, data, (nuint)bytes.Length);
        }
    }

    /// <summary>The digest of all that was added; starts anew.</summary>
    public Digest Finish()
    {
        byte* digest = stackalloc byte[Digest.Size];
        fixed (ulong* hasher = _hasher)
        {
            Start(hasher);
            blake3_hasher_finalize(hasher, digest, Digest.Size);
        }
        _started = false;
        return Digest.Read(new ReadOnlySpan<byte>(digest, Digest.Size));
    }

    private void Start(ulong* hasher)
    {
        if (_started)
            return;
        blake3_hasher_init(hasher);
        _started = true;
    }

    [LibraryImport("libblake3")]
    private static partial void blake3_hasher_init(ulong* hasher);

    [LibraryImport("libblake3")]
    private static partial void blake3_hasher_update(ulong* hasher, byte* data, nuint length);

    [LibraryImport("libblake3")]
    private static partial void blake3_hasher_finalize(ulong* hasher, byte* digest, nuint length);
}
