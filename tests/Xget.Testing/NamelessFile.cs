using Microsoft.Win32.SafeHandles;

namespace Xget.Testing;

/// <summary>A file on disk that is gone when it is closed.</summary>
public static class NamelessFile
{
    /// <summary>One with these bytes, open for reading.</summary>
    public static SafeFileHandle Of(byte[] bytes)
    {
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, bytes);
        SafeFileHandle file = File.OpenHandle(path);
        File.Delete(path);
        return file;
    }
}
