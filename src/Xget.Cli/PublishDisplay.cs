using Xget.Content;

namespace Xget.Cli;

/// <summary>Tells how far hashing is, when it takes longer than a moment.</summary>
internal sealed class PublishDisplay(bool quiet) : IProgress<PublishProgress>, IDisposable
{
    private readonly StatusLine _line = new(quiet);
    private readonly long _start = TimeProvider.System.GetTimestamp();

    public void Report(PublishProgress p)
    {
        TimeSpan elapsed = TimeProvider.System.GetElapsedTime(_start);
        if (elapsed > TimeSpan.FromSeconds(1))
            _line.Show(() => $"hashing {Amount.Bytes(p.BytesHashed)} of {Amount.Bytes(p.BytesToHash)}, {Amount.Count(p.FilesSeen, "file")}, {Amount.Rate(p.BytesHashed, elapsed)}");
    }

    public void Dispose() => _line.Dispose();
}
