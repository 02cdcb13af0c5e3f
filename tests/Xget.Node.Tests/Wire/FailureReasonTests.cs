using FsCheck;
using FsCheck.Fluent;
using Xget.Node.Wire;

namespace Xget.Node.Tests.Wire;

public class FailureReasonTests
{
    [Theory]
    [InlineData(FailureReason.Refused, "refused")]
    [InlineData(FailureReason.Lost, "lost")]
    [InlineData(FailureReason.Stalled, "stalled")]
    [InlineData(FailureReason.Corrupt, "corrupt")]
    public void Each_reason_has_a_word(FailureReason reason, string word)
    {
        Assert.Equal(word, reason.Word());
        Assert.Equal(reason, FailureReasons.Parse(word));
    }

    [Fact]
    public void Any_other_word_counts_as_lost() =>
        Prop.ForAll<string>(word => FailureReasons.Parse("x" + word) == FailureReason.Lost).QuickCheckThrowOnFailure();
}
