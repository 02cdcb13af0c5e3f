namespace Xget.Content.Store;

/// <summary>Extended attributes by when they are applied: before the mode, or after it.</summary>
internal enum XattrKind
{
    /// <summary>user, trusted and security attributes.</summary>
    Plain,

    /// <summary>POSIX access control lists (acl(5)).</summary>
    AccessControl,
}
