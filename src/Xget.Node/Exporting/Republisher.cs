using Serilog;
using Xget.Content;

namespace Xget.Node.Exporting;

/// <summary>
/// Publishes the exported tree again when asked to, one publishing at a time; what is asked for while one runs is done
/// once more after it. Thread-safe.
/// </summary>
public sealed class Republisher(string path, Publisher publisher, DigestIndex index, PublishOptions options, ILogger log)
{
    private readonly SemaphoreSlim _requested = new(0);

    /// <summary>Asks for a publishing; returns at once.</summary>
    public void Request()
    {
        lock (_requested)
        {
            if (_requested.CurrentCount == 0)
                _requested.Release();
        }
    }

    /// <summary>Publishes until cancelled. A tree that cannot be published leaves the old generation as it is.</summary>
    public async Task RunAsync(Master master, CancellationToken ct)
    {
        while (true)
        {
            await _requested.WaitAsync(ct);
            Generation before = master.Generation;
            try
            {
                Generation next = await publisher.PublishAsync(path, index, before.Number + 1, options, cancel: ct);
                foreach (string warning in next.Warnings)
                    log.Warning("left out: {Warning:l}", warning);
                if (next.Root == before.Root)
                {
                    log.Information("nothing has changed");
                    next.Dispose();
                    continue;
                }
                master.Publish(next);
                log.Information("generation {Number}: {Files} files, {Bytes} bytes, {Root}", next.Number, next.Files, next.Bytes, next.Root);
            }
            catch (PublishException e)
            {
                log.Error("not published: {Reason:l}", e.Message);
            }
        }
    }
}
