using Microsoft.Win32.SafeHandles;

namespace Xget.Fuse.Tests.Mounting;

/// <summary>A file of random bytes outside of any mount.</summary>
internal sealed class SampleFile : IDisposable
{
    public SampleFile(int size)
    {
        Bytes = new byte[size];
        new Random(size).NextBytes(Bytes);
        File.WriteAllBytes(Path, Bytes);
        Handle = File.OpenHandle(Path);
    }

    public string Path { get; } = System.IO.Path.GetTempFileName();

    public byte[] Bytes { get; }

    public SafeFileHandle Handle { get; }

    /// <summary>The answer to a read, straight from the file.</summary>
    public FuseData Read(ulong offset, int size) => FuseData.File(Handle, (long)offset,
        (int)Math.Clamp(Bytes.LongLength - (long)offset, 0, size));

    public void Dispose()
    {
        Handle.Dispose();
        File.Delete(Path);
    }
}
