namespace Xget.NineP;

/// <summary>One field of a message.</summary>
internal readonly record struct Field(string Name, FieldKind Kind, Dialects In = Dialects.All);
