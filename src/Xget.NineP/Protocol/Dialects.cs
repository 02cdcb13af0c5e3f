namespace Xget.NineP;

/// <summary>The dialects that have a message or a field.</summary>
[Flags]
internal enum Dialects : byte
{
    Plain = 1 << Dialect.NineP2000,
    Unix = 1 << Dialect.NineP2000u,
    Linux = 1 << Dialect.NineP2000L,
    Numbered = Unix | Linux,
    Stats = Plain | Unix,
    All = Plain | Unix | Linux,
}
