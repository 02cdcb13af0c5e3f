namespace Xget.Content;

/// <summary>How far publishing has come.</summary>
/// <param name="FilesSeen">Entries found so far, of any type.</param>
/// <param name="BytesToHash">Bytes that are not in the digest index; 0 until the tree has been looked through.</param>
/// <param name="BytesHashed">How many of those are done.</param>
public readonly record struct PublishProgress(long FilesSeen, long BytesToHash, long BytesHashed);
