using Serilog;
using Xget.Content;
using Xget.Content.Linux;
using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>
/// Publishes the exported tree again when asked to, one publishing at a time; what is asked for while one runs is done
/// once more after it. Thread-safe. It may be asked before there is a master.
/// </summary>
public sealed class Republisher(string path, Publisher publisher, DigestIndex index, PublishOptions options, ILogger log)
{
    private static readonly PublishReport Ended = PublishReport.Failed("the master ends");

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _requested = new(0);
    private TaskCompletionSource<PublishReport>? _next;    // of the publishing that has not begun, if it was asked for
    private HashSet<string> _told = [];
    private int _indexWarningsTold = index.Warnings.Length;
    private bool _hasEnded;

    /// <summary>Asks for a publishing; returns at once.</summary>
    public void Request() => _ = RequestAsync();

    /// <summary>Asks for a publishing; completes at the end of one that began after this. Never fails.</summary>
    public Task<PublishReport> RequestAsync()
    {
        lock (_gate)
        {
            if (_hasEnded)
                return Task.FromResult(Ended);
            if (_next is null)
            {
                _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
                _requested.Release();
            }
            return _next.Task;
        }
    }

    /// <summary>Logs what was left out and what is wrong with the index, as far as it has not been told before.</summary>
    public void Tell(Generation generation)
    {
        foreach (string warning in generation.Warnings)
        {
            if (!_told.Contains(warning))
                log.Warning("{Warning:l}", warning);
        }
        _told = [.. generation.Warnings];
        TellOfIndex();
    }

    /// <summary>
    /// Publishes until cancelled. A tree that cannot be published, whatever the reason, leaves the old generation as it is.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task RunAsync(Master master, CancellationToken ct)
    {
        TaskCompletionSource<PublishReport>? asked = null;
        try
        {
            while (true)
            {
                await _requested.WaitAsync(ct);
                lock (_gate)
                    (asked, _next) = (_next!, null);
                asked.SetResult(await PublishAsync(master, ct));
            }
        }
        finally
        {
            lock (_gate)
                _hasEnded = true;
            asked?.TrySetResult(Ended);
            _next?.TrySetResult(Ended);
        }
    }

    private async Task<PublishReport> PublishAsync(Master master, CancellationToken ct)
    {
        PublishReport report;
        try
        {
            report = await PublishOrThrowAsync(master, ct);
            log.Information("{Summary:l}", report.Summary);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            report = PublishReport.Failed(e is PublishException ? e.Message : $"cannot publish {path}: {Words.Of(e)}");
            log.Error("{Summary:l}", report.Summary);
            TellOfIndex();
        }
        return report;
    }

    private async Task<PublishReport> PublishOrThrowAsync(Master master, CancellationToken ct)
    {
        Generation before = master.Generation;
        Generation next = await publisher.PublishAsync(path, index, before.Number + 1, options, cancel: ct);
        Tell(next);
        if (next.Root == before.Root)
        {
            master.Renew(next);
            return PublishReport.Of(master.Generation, difference: null);
        }
        TreeDifference difference = TreeDifference.Between(before.Tree, next.Tree);
        master.Publish(next);
        return PublishReport.Of(next, difference);
    }

    private void TellOfIndex()
    {
        foreach (string warning in index.Warnings.AsSpan()[_indexWarningsTold..])
        {
            log.Warning("{Warning:l}", warning);
            _indexWarningsTold++;
        }
    }
}
