using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>Answers that are known at once.</summary>
public static class FuseAnswer
{
    /// <summary>The value as the answer to a request.</summary>
    public static ValueTask<FuseResult<T>> AsAnswer<T>(this T value) => ValueTask.FromResult<FuseResult<T>>(value);

    /// <summary>An error as the answer to a request.</summary>
    public static ValueTask<FuseResult<T>> Failed<T>(Errno error) => ValueTask.FromResult<FuseResult<T>>(error);
}
