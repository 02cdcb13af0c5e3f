namespace Xget.Node.Wire;

/// <summary>Why a node leaves a parent out: the last word of <c>exclude host!port REASON</c>.</summary>
public enum FailureReason
{
    /// <summary>No connection could be made.</summary>
    Refused,

    /// <summary>The connection ended, or a request was answered with an error.</summary>
    Lost,

    /// <summary>No data came for the stall time.</summary>
    Stalled,

    /// <summary>A chunk did not have its digest.</summary>
    Corrupt,
}

/// <summary>The words of <see cref="FailureReason"/>.</summary>
public static class FailureReasons
{
    private static readonly string[] Words = ["refused", "lost", "stalled", "corrupt"];

    /// <summary>The word on the wire.</summary>
    public static string Word(this FailureReason reason) => Words[(int)reason];

    /// <summary>Reads the word; an unknown one counts as <see cref="FailureReason.Lost"/>, so that later nodes may say more.</summary>
    public static FailureReason Parse(string word) =>
        Array.IndexOf(Words, word) is >= 0 and int i ? (FailureReason)i : FailureReason.Lost;
}
