using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content.Store;

/// <summary>
/// A file of the destination that has part of a content, or all of it. About 100 bytes: there may be many.
/// </summary>
internal sealed class PlacedFile : ContentFile
{
    private readonly Destination _destination;
    private readonly DestinationPath _path;

    private PlacedFile(Destination destination, PackMember member, in FileIdentity identity)
        : base(identity)
    {
        _destination = destination;
        _path = member.Path;
        Start = member.Data.Offset;
    }

    public override ulong Start { get; }

    protected override OpenFileCache Cache => _destination.OpenFiles;

    /// <summary>Notes what a member is now. It is opened for that, since only so it is known to be readable.</summary>
    public static Errno Find(Destination destination, PackMember member, out PlacedFile? file)
    {
        file = null;
        Errno error = destination.OpenPlaced(member.Path, out SafeFileHandle? handle);
        if (error != 0)
            return Stale(error);
        using (handle)
        {
            error = FileCalls.Status(handle!, out RawStatus status);
            if (error != 0)
                return error;
            if (status.Type != EntryType.Regular || status.Size != member.Data.Length)
                return Errno.ESTALE;
            FileIdentity identity = FileIdentity.Of(status);
            // Each further name changes ctime.
            if (member.Attributes.LinkCount > 1)
                identity = identity with { Ctime = default };
            file = new PlacedFile(destination, member, identity);
            return 0;
        }
    }

    protected override Errno Open(out SafeFileHandle? handle) => _destination.OpenPlaced(_path, out handle);
}
