using System.Net.Sockets;
using System.Text.RegularExpressions;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content.Tests.Linux;

/// <summary>What failures are called before people.</summary>
public sealed class WordsTests
{
    public static TheoryData<Errno> Every => [.. Enum.GetValues<Errno>().Where(e => (int)e is > 0 and < 134)];

    [Theory]
    [MemberData(nameof(Every))]
    public void No_errno_is_shown_by_its_name(Errno error)
    {
        string words = Words.Of(error);
        Assert.DoesNotContain(error.ToString(), words, StringComparison.Ordinal);
        Assert.DoesNotMatch(new Regex("\\bE[A-Z0-9]{3,}\\b"), words);
        Assert.InRange(words.Length, 5, 80);
    }

    [Theory]
    [InlineData(Errno.EBUSY, "in use: something is mounted there, or a program holds it")]
    [InlineData(Errno.EXDEV, "lies on another file system")]
    [InlineData(Errno.EINVAL, "invalid argument")]
    [InlineData(Errno.ESTALE, "changed on the master")]
    public void The_words_are_people_s(Errno error, string words) => Assert.Equal(words, Words.Of(error));

    public static TheoryData<Exception, string> Exceptions => new()
    {
        { new InsufficientMemoryException("Arg_OutOfMemoryException"), "out of memory" },
        { new IOException("IO_SharingViolation_File, x", (int)Errno.ENOSPC), "no space left on device" },
        { new IOException("IO_Whatever"), "input/output error" },
        { new UnauthorizedAccessException("UnauthorizedAccess_IODenied_Path"), "permission denied" },
        { new SocketException((int)SocketError.ConnectionRefused), "connection refused" },
        { new SocketException((int)SocketError.AddressAlreadyInUse), "address already in use" },
        { new SocketException((int)SocketError.AddressNotAvailable), "this machine has no such address" },
        { new SocketException((int)SocketError.HostUnreachable), "no route to host" },
        { new SocketException((int)SocketError.NetworkUnreachable), "network is unreachable" },
        { new InvalidOperationException("Arg_InvalidOperation"), "a fault in the program itself; please report it" },
    };

    [Theory]
    [MemberData(nameof(Exceptions))]
    public void No_word_of_the_runtime_is_shown(Exception e, string words) => Assert.Equal(words, Words.Of(e));
}
