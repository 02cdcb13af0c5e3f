using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Linux;

/// <summary>Lists the names in an open directory (getdents64).</summary>
internal static unsafe class DirectoryNames
{
    // struct linux_dirent64: inode u64, offset u64, record length u16, type u8, name with NUL.
    private const int LengthOffset = 16;
    private const int NameOffset = 19;

    /// <summary>
    /// Adds all names but "." and ".." to <paramref name="names"/>, in no order; buffer: 32 KiB or so.
    /// </summary>
    public static Errno Read(SafeFileHandle directory, Span<byte> buffer, List<FileName> names)
    {
        while (true)
        {
            long count;
            fixed (byte* b = buffer)
                count = Libc.Getdents64(directory, b, buffer.Length);
            if (count <= 0)
                return count == 0 ? 0 : FileCalls.LastError;
            for (var records = buffer[..(int)count]; records.Length > 0;)
            {
                var length = BinaryPrimitives.ReadUInt16LittleEndian(records[LengthOffset..]);
                var name = records[NameOffset..length];
                name = name[..name.IndexOf((byte)0)];
                if (FileName.TryCreate(name, out var fileName, out _))
                    names.Add(fileName);
                records = records[length..];
            }
        }
    }
}
