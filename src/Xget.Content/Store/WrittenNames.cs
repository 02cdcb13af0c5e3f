namespace Xget.Content.Store;

/// <summary>
/// The files and directories that a copy has put into its destination, or found right there, by their identity, each with
/// its path: whoever finds one of them under another path is about to overwrite it. Thread-safe.
/// </summary>
internal sealed class WrittenNames
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Identity, DestinationPath> _paths = [];

    /// <summary>The path that this copy gave to a file; null if the file is not its own.</summary>
    public DestinationPath? Of(in FileStatus status)
    {
        lock (_lock)
            return _paths.GetValueOrDefault(new Identity(status));
    }

    /// <summary>Notes the path of a file; the path that it has already, if this copy gave it one.</summary>
    public DestinationPath Add(in FileStatus status, DestinationPath path)
    {
        lock (_lock)
            return _paths.TryAdd(new Identity(status), path) ? path : _paths[new Identity(status)];
    }

    /// <summary>The file has that path from now on.</summary>
    public void Set(in FileStatus status, DestinationPath path)
    {
        lock (_lock)
            _paths[new Identity(status)] = path;
    }

    /// <summary>The file has no name in the destination.</summary>
    public void Remove(in FileStatus status)
    {
        lock (_lock)
            _paths.Remove(new Identity(status));
    }

    private readonly struct Identity(in FileStatus status) : IEquatable<Identity>
    {
        private readonly ulong _inode = status.Inode;
        private readonly uint _major = status.DeviceMajor;
        private readonly uint _minor = status.DeviceMinor;

        public bool Equals(Identity other) => (_inode, _major, _minor) == (other._inode, other._major, other._minor);

        public override bool Equals(object? obj) => obj is Identity other && Equals(other);

        public override int GetHashCode() => HashCode.Combine(_inode, _major, _minor);
    }
}
