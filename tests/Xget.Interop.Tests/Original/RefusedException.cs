namespace Xget.Interop.Tests.Original;

/// <summary>An Rerror, as an exception.</summary>
internal sealed class RefusedException(string text) : Exception(text);
