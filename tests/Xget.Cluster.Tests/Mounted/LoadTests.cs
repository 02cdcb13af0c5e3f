using Mono.Unix.Native;
using Xget.Lab;
using Xunit.Abstractions;

namespace Xget.Cluster.Tests.Mounted;

/// <summary>Many readers at once, with fio(1) and sha256sum(1) as judges of each byte.</summary>
public sealed class LoadTests(ITestOutputHelper output)
{
    private const int Jobs = 4;
    private const int BlockSize = 4096;
    private const int SmallSize = 24 << 20;
    private static readonly int Size = MountSizes.VerifiedFile;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    // Each 4 KiB block carries a header with its place and a check sum.
    private const string Write =
        """
        fio --name=write --filename="$1" --size=$2 --rw=write --bs=4k --ioengine=psync --verify=crc32c --do_verify=0 \
          --verify_state_save=0 --minimal
        """;

    private const string Verify =
        """
        fio --name=verify --filename="$1" --size=$2 --rw=$3 --ioengine=$4 --numjobs=$5 --bs=4k --readonly --verify=crc32c \
          --verify_state_save=0 --verify_fatal=1 --invalidate=0 --number_ios=$6 --thread --minimal
        """;

    [SkippableTheory]
    [InlineData("randread", "psync")]
    [InlineData("read", "psync")]
    [InlineData("randread", "mmap")]
    [InlineData("read", "mmap")]
    public async Task Fio_finds_each_block_right_in_a_file_that_is_partly_cached(string order, string engine)
    {
        using var lab = new MountLab(1, null, "fio");
        Directory.CreateDirectory(lab.Tree);
        string file = lab.Scratch["tree/verified"];
        await lab.RunAsync(Write, file, $"{Size}");
        await ExpectThatFioSeesAFlippedBitAsync(lab, file, order, engine);
        await lab.StartMasterAsync();
        MountedNode mount = await lab.MountAsync(1, "prefetch=none");
        await lab.RunAsync(
            """for at in 0 3 50 51 52 120 255; do dd if="$1" of=/dev/null bs=1M skip=$at count=2 status=none; done""",
            mount["verified"]);
        long part = mount.Figure("bytes-from-master");

        int blocks = order == "read" ? Size / BlockSize : MountSizes.RandomBlocks;
        await lab.RunAsync(Verify, mount["verified"], $"{Size}", order, engine, $"{Jobs}", $"{blocks}");

        Assert.InRange(part, 14 << 20, Size / 2);
        output.WriteLine($"{Size} bytes, {part} of them cached before: {Jobs} jobs of {blocks} blocks by {order}, {engine}: all right");
        await mount.UnmountAsync();
    }

    [SkippableFact]
    public async Task Many_sums_of_one_file_that_is_not_here_yet_are_all_right()
    {
        using var lab = new MountLab(1);
        string file = lab.Scratch.RandomFile("tree/large", MountSizes.ReadFile);
        await lab.StartMasterAsync();
        MountedNode mount = await lab.MountAsync(1);
        string right = Command.Run("sha256sum", file).Split(' ')[0];

        string sums = await lab.RunAsync(
            """for ((i = 0; i < $2; i++)); do sha256sum "$1" & done; wait""", mount["large"], $"{MountSizes.Readers}");

        string[] lines = sums.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(MountSizes.Readers, lines.Length);
        Assert.All(lines, l => Assert.StartsWith(right, l, StringComparison.Ordinal));
        // One came over the network.
        long fetched = mount.Figure("bytes-from-master");
        output.WriteLine($"{lines.Length} sums of {MountSizes.ReadFile} bytes at once: all right, {fetched} bytes fetched");
        Assert.InRange(fetched, MountSizes.ReadFile, MountSizes.ReadFile + (MountSizes.ReadFile / 4));
        await mount.UnmountAsync();
    }

    [SkippableTheory]
    [InlineData("""exec cat "$1" """)]
    [InlineData("""exec cmp "$1" /dev/zero""")]
    [InlineData("""exec fio --name=m --filename="$1" --rw=read --bs=4k --ioengine=mmap --readonly --thread""")] // waits in a page fault
    [InlineData("""exec ls -l "$(dirname "$1")/directory" """)]
    public async Task A_reader_that_waits_for_the_network_can_be_killed_at_once(string script)
    {
        using var lab = new MountLab(1, null, "fio");
        lab.Scratch.RandomFile("tree/large", SmallSize);
        lab.Scratch.RandomFile("tree/directory/file", 1000);
        await lab.StartMasterAsync();
        MountedNode mount = await lab.MountAsync(1, "timeout=300");
        await lab.RunAsync("""stat "$1" """, mount["large"]);
        lab.SetLink(1, up: false);

        Child reader = lab.Start(script, mount["large"]);
        await reader.UntilItWaitsAsync(Deadline);
        reader.Signal(Signum.SIGKILL);

        Assert.Equal(128 + 9, await reader.ExitAsync(TimeSpan.FromSeconds(2)));
        await mount.UnmountAsync();
    }

    // The judge is judged first.
    private static async Task ExpectThatFioSeesAFlippedBitAsync(MountLab lab, string file, string order, string engine)
    {
        string damaged = lab.Scratch["damaged"];
        await lab.RunAsync("""head -c 1M "$1" >"$2"; printf X | dd of="$2" bs=1 seek=500100 conv=notrunc status=none""", file, damaged);
        await lab.Start(Verify, damaged, "1m", order, engine, "1", "256").ExpectErrorAsync("verify", Deadline);
    }
}
