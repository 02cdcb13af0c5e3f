using System.CommandLine;
using Mono.Unix.Native;
using Xget.Content;
using Xget.Content.Linux;
using Xget.Node.Wire;

namespace Xget.Cli;

/// <summary><c>xget sum</c>: the content digest of files, as the master would publish it for a large file.</summary>
internal static class SumCommand
{
    internal const string Name = "sum";

    internal static Command Build()
    {
        var files = new Argument<string[]>("FILE") { Description = "Files to digest.", Arity = ArgumentArity.OneOrMore };
        var command = new Command(Name, "Print the content digest of files.");
        command.Arguments.Add(files);
        CommonOptions.RefuseEmpty(files);
        command.SetAction((result, ct) =>
        {
            int exit = ExitCode.Done;
            foreach (string path in result.GetRequiredValue(files))
            {
                try
                {
                    StandardStreams.Print($"{DigestOf(path, ct)}  {WireText.OneLine(path)}\n");
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    StandardStreams.Complain($"{path}: {Words.Of(e)}");
                    exit = ExitCode.Failed;
                }
            }
            return Task.FromResult(exit);
        });
        return command;
    }

    private static Digest DigestOf(string path, CancellationToken ct)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        if (!file.CanSeek)
            throw new IOException(null, (int)Errno.ESPIPE); // its size, which the digest begins with, is not known
        ulong size = (ulong)file.Length;
        int chunkSize = ChunkTable.ChunkSizeFor(size);
        var builder = new ChunkTableBuilder(size);
        byte[] buffer = new byte[chunkSize];
        for (int i = 0; (ulong)i * (ulong)chunkSize < size; i++)
        {
            ct.ThrowIfCancellationRequested();
            int length = (int)Math.Min((ulong)chunkSize, size - (ulong)i * (ulong)chunkSize);
            file.ReadExactly(buffer, 0, length);
            builder.Set(i, Digest.Of(buffer.AsSpan(0, length)));
        }
        return builder.Build().Content;
    }
}
