using System.Runtime.CompilerServices;
using Xget.Testing;

namespace Xget.Node.Tests;

/// <summary>Waits for what must happen; a test that waits in vain says what for.</summary>
internal static class Until
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(2);

    public static async Task<T> DoneAsync<T>(Task<T> task, [CallerArgumentExpression(nameof(task))] string what = "")
    {
        await DoneAsync((Task)task, what);
        return await task;
    }

    public static async Task DoneAsync(Task task, [CallerArgumentExpression(nameof(task))] string what = "")
    {
        await TrueAsync(() => task.IsCompleted, what);
        await task;
    }

    public static Task TrueAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        TrueAsync(() => Task.FromResult(condition()), what);

    public static async Task TrueAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, $"waited in vain for: {what}");
            await Task.Delay(Look);
        }
    }

    /// <summary>The same while a clock of the test's own goes on, a twentieth of a second at each look.</summary>
    public static Task TrueAsync(ManualTime time, Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        TrueAsync(() =>
        {
            if (condition())
                return true;
            time.Advance(TimeSpan.FromMilliseconds(50));
            return false;
        }, what);
}
