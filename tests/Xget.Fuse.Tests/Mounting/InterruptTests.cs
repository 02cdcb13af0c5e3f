using System.Diagnostics;

namespace Xget.Fuse.Tests.Mounting;

/// <summary>Readers that do not want to wait any longer.</summary>
[Collection("mounts")]
public class InterruptTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HookedFiles _files = new();
    private readonly TaskCompletionSource _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _interrupted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public InterruptTests()
    {
        _files.Add(_files.Root, "file", 0x81A4, new byte[1 << 20]);
        _files.OnRead = async (request, _, _) =>
        {
            await WaitAsync(request);
            return FuseData.Bytes(default);
        };
    }

    [SkippableFact]
    public async Task A_direct_read_that_waits_is_interrupted_when_its_reader_is_killed()
    {
        _files.OnOpen = _ => new OpenOut(0, FuseOpenFlags.DirectIO);
        await using Mounted mounted = await Mounted.AtAsync(_files);
        await KilledWhileWaitingAsync($"exec cat {mounted.Path}/file");
        await _interrupted.Task.WaitAsync(Patience);
    }

    [SkippableFact]
    public async Task A_lookup_that_waits_is_interrupted_when_its_caller_is_killed()
    {
        _files.OnLookup = async request =>
        {
            await WaitAsync(request);
            return EntryOut.Negative(default);
        };
        await using Mounted mounted = await Mounted.AtAsync(_files);
        await KilledWhileWaitingAsync($"exec stat {mounted.Path}/other");
        await _interrupted.Task.WaitAsync(Patience);
    }

    [SkippableFact]
    public async Task The_reader_of_a_cached_file_can_be_killed_although_read_ahead_goes_on()
    {
        await using Mounted mounted = await Mounted.AtAsync(_files);
        await KilledWhileWaitingAsync($"exec cat {mounted.Path}/file");
    }

    [SkippableFact]
    public async Task Unmounting_from_inside_interrupts_everything_that_waits()
    {
        Mounted mounted = await Mounted.AtAsync(_files);
        using Process reader = Shell.Start($"cat {mounted.Path}/file");
        await _waiting.Task.WaitAsync(Patience);
        await mounted.DisposeAsync();
        await _interrupted.Task.WaitAsync(Patience);
        await reader.WaitForExitAsync().WaitAsync(Patience);
        Assert.NotEqual(0, reader.ExitCode);
        Assert.Equal(1, _files.Destroyed);
    }

    [SkippableFact]
    public async Task A_request_whose_method_never_ends_does_not_keep_the_mount_from_ending()
    {
        TaskCompletionSource never = new();
        _files.OnRead = async (_, _, _) =>
        {
            _waiting.TrySetResult();
            await never.Task;
            return FuseData.Bytes(default);
        };
        Mounted mounted = await Mounted.AtAsync(_files,
            new MountOptions { EndTimeout = TimeSpan.FromMilliseconds(50) });
        using Process reader = Shell.Start($"cat {mounted.Path}/file");
        await _waiting.Task.WaitAsync(Patience);
        await mounted.DisposeAsync();
        await reader.WaitForExitAsync().WaitAsync(Patience);
        Assert.NotEqual(0, reader.ExitCode);
        never.SetResult();
    }

    private async Task WaitAsync(FuseRequest request)
    {
        _waiting.TrySetResult();
        try
        {
            await Task.Delay(System.Threading.Timeout.Infinite, request.Interrupted);
        }
        finally
        {
            _interrupted.TrySetResult();
        }
    }

    private async Task KilledWhileWaitingAsync(string script)
    {
        using Process reader = Shell.Start("echo $$; " + script);
        string? id = await reader.StandardOutput.ReadLineAsync();
        await _waiting.Task.WaitAsync(Patience);
        await Shell.RunAsync($"kill -9 {id}");
        await reader.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(137, reader.ExitCode);
    }
}
