using Mono.Unix.Native;
using Xget.Lab;

namespace Xget.Cluster.Tests.Mounted;

/// <summary>The master publishes a new state of its tree while it is mounted.</summary>
public sealed class GenerationTests
{
    private const int Size = 8_000_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    // Keeps the file open, says so, and copies all of it to $3 when $2 appears.
    private const string ReadLater =
        """
        exec 3<"$1"
        echo opened
        until [[ -e $2 ]]; do sleep 0.05; done
        exec cat <&3 >"$3"
        """;

    [SkippableTheory]
    [InlineData(false)] // xget publish
    [InlineData(true)] // SIGHUP
    public async Task Mounts_follow_an_open_file_keeps_its_bytes_and_what_is_unchanged_is_not_fetched_again(bool bySignal)
    {
        using var lab = new MountLab(2);
        lab.Scratch.RandomFile("tree/unchanged", Size, 1);
        string changed = lab.Scratch.RandomFile("tree/changed", Size, 2);
        lab.Scratch.RandomFile("tree/deep/below/changed", 5000, 3);
        lab.Scratch.RandomFile("tree/deep/removed", 5000, 4);
        lab.Scratch.RandomFile("tree/becomes-directory", 5000, 5);
        MasterProcess master = await lab.StartMasterAsync();
        MountedNode[] mounts = await lab.MountAllAsync();
        File.Copy(changed, lab.Scratch["changed-before"]);
        Child[] holders = [.. mounts.Select((m, i) => lab.Start(ReadLater, m["changed"], lab.Scratch["now"], lab.Scratch[$"held-{i}"]))];
        foreach ((MountedNode mount, Child holder) in mounts.Zip(holders))
        {
            await holder.LineAsync(l => l == "opened", Deadline);
            MountWitness.ExpectSame(lab.Tree, mount.Directory);
            await lab.RunAsync("""[[ ! -e $1 ]]""", mount["added"]); // that it is not there is remembered too
        }

        lab.Scratch.RandomFile("tree/changed", Size, 6);
        lab.Scratch.RandomFile("tree/deep/below/changed", 6000, 7);
        lab.Scratch.RandomFile("tree/added", 5000, 8);
        File.Delete(lab.Scratch["tree/deep/removed"]);
        File.Delete(lab.Scratch["tree/becomes-directory"]);
        lab.Scratch.RandomFile("tree/becomes-directory/file", 5000, 9);
        await lab.RunAsync("""chmod 604 "$1"; touch -d @1000000000.5 "$1" """, lab.Scratch["tree/unchanged"]);
        long before = lab.MasterSent;
        if (bySignal)
        {
            master.Process.Signal(Signum.SIGHUP);
        }
        else
        {
            lab.Publish();
        }

        foreach (MountedNode mount in mounts)
        {
            Child follows = lab.Start("""until [[ -e $1 ]]; do sleep 0.05; done""", mount["added"]);
            await follows.ExpectExitAsync(0, Soon);
            // The last of what changes shows a moment after the first.
            follows = lab.Start("""until [[ -e $1 && ! -e $2 ]]; do sleep 0.05; done""",
                mount["becomes-directory/file"], mount["deep/removed"]);
            await follows.ExpectExitAsync(0, Soon);
            await lab.RunAsync(ReadingScripts.CompareUntilSame, changed, mount["changed"]);
            MountWitness.ExpectSame(lab.Tree, mount.Directory);
        }

        // Two nodes fetch the changed file, at most both from the master; the unchanged one would be too much.
        Assert.InRange(lab.MasterSent - before, Size, (2 * Size) + (Size / 2));

        await File.WriteAllTextAsync(lab.Scratch["now"], "");
        for (int i = 0; i < holders.Length; i++)
        {
            await holders[i].ExpectExitAsync(0, Deadline);
            await lab.RunAsync(ReadingScripts.Compare, lab.Scratch["changed-before"], lab.Scratch[$"held-{i}"]);
        }

        foreach (MountedNode mount in mounts)
        {
            await mount.UnmountAsync();
        }
    }

    [SkippableFact]
    public async Task A_file_whose_old_bytes_nobody_has_any_more_gives_ESTALE_and_never_other_bytes()
    {
        using var lab = new MountLab(1);
        string replaced = lab.Scratch.RandomFile("tree/replaced", Size, 1);
        await lab.StartMasterAsync();
        MountedNode mount = await lab.MountAsync(1, "prefetch=none");
        Child holder = lab.Start(ReadLater, mount["replaced"], lab.Scratch["now"], lab.Scratch["held"]);
        await holder.LineAsync(l => l == "opened", Deadline);

        // Another file under the name, as an update makes it: the old one is nowhere.
        File.Delete(replaced);
        lab.Scratch.RandomFile("tree/replaced", Size, 2);
        lab.Publish();
        await lab.RunAsync(ReadingScripts.CompareUntilSame, replaced, mount["replaced"]);

        await File.WriteAllTextAsync(lab.Scratch["now"], "");
        await holder.ExpectErrorAsync("Stale file handle", Deadline);
        Assert.Equal(0, new FileInfo(lab.Scratch["held"]).Length);
        await mount.UnmountAsync();
    }

    [SkippableFact]
    public async Task Readers_that_never_stop_see_no_mixture_of_generations_while_many_are_published()
    {
        const int Generations = 8;
        using var lab = new MountLab(1);
        WriteGeneration(lab, 0);
        await lab.StartMasterAsync();
        MountedNode mount = await lab.MountAsync(1);
        // Each file says in each line which generation it is of: a mixture would show. Who is
        // late gets ESTALE, maybe in the middle of a line.
        Child reader = lab.Start(
            """
            until [[ -e $2 ]]; do
              for f in 0 1 2 3; do
                (( $({ cat "$1/$f" || true; } | { grep -ax '[0-9]\{4\}' || true; } | sort -u | wc -l) <= 1 )) || { echo "a mixture in $f"; exit 3; }
              done
            done
            """,
            mount["files"], lab.Scratch["enough"]);

        for (int i = 1; i <= Generations; i++)
        {
            WriteGeneration(lab, i);
            lab.Publish();
            await lab.RunAsync("""until [[ $(head -c 4 "$1") == "$2" ]]; do sleep 0.05; done""", mount["files/0"], $"{i:D4}");
        }

        await File.WriteAllTextAsync(lab.Scratch["enough"], "");
        await reader.ExpectExitAsync(0, Deadline);
        await mount.UnmountAsync();
    }

    // Moved into place, so that a generation that is being read has lost its files and not changed them.
    private static void WriteGeneration(MountLab lab, int number)
    {
        string directory = lab.Scratch.NewDirectory("tree/files");
        for (int f = 0; f < 4; f++)
        {
            string made = lab.Scratch["made"];
            File.WriteAllText(made, string.Concat(Enumerable.Repeat($"{number:D4}\n", 200_000)));
            File.Move(made, Path.Combine(directory, $"{f}"), overwrite: true);
        }
    }
}
