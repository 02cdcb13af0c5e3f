namespace Xget.Content;

/// <summary>
/// The digest of one file of a pack as a content of its own, from the file's bytes as they come; its chunks are not the
/// pack's.
/// </summary>
internal ref struct OwnTable(ulong size)
{
    private readonly ChunkTableBuilder _table = new(size);
    private Blake3 _hash;
    private int _chunk;
    private int _inChunk;

    /// <summary>Adds the bytes that come next.</summary>
    public void Append(scoped ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var length = _table.LengthOf(_chunk);
            var piece = bytes[..Math.Min(bytes.Length, length - _inChunk)];
            _hash.Append(piece);
            _inChunk += piece.Length;
            bytes = bytes[piece.Length..];
            if (_inChunk == length)
            {
                _table.Set(_chunk++, _hash.Finish());
                _inChunk = 0;
            }
        }
    }

    /// <summary>The digest, when all bytes of the file have been added.</summary>
    public readonly Digest Finish() => _table.Build().Content;
}
