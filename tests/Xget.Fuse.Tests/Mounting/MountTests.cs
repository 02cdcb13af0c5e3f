using System.Collections.Concurrent;
using System.Security.Cryptography;
using Mono.Unix.Native;

namespace Xget.Fuse.Tests.Mounting;

/// <summary>What programs see of a mounted file system.</summary>
[Collection("mounts")]
public class MountTests
{
    private readonly HookedFiles _files = new();

    [SkippableFact]
    public async Task Files_directories_and_links_look_as_the_file_system_says()
    {
        MemoryFiles.Node directory = _files.Add(_files.Root, "dir", 0x41ED, []);
        _files.Add(directory, "file", 0x81A4, "hello\n"u8.ToArray());
        _files.Add(_files.Root, "link", 0xA1FF, "dir/file"u8.ToArray());
        await using Mounted mounted = await Mounted.AtAsync(_files);

        Assert.Equal("dir\nlink\n", await Shell.RunAsync($"ls {mounted.Path}"));
        Assert.Equal("hello\n", await Shell.RunAsync($"cat {mounted.Path}/dir/file"));
        Assert.Equal("hello\n", await Shell.RunAsync($"cat {mounted.Path}/link"));
        Assert.Equal("dir/file\n", await Shell.RunAsync($"readlink {mounted.Path}/link"));
        Assert.Equal("regular file 644 12 34 6 2001-09-09 01:46:40.123456789 +0000\n",
            await Shell.RunAsync($"TZ=UTC stat -c '%F %a %u %g %s %y' {mounted.Path}/dir/file"));
        Assert.Equal("dir d\ndir/file f\nlink l\n", await Shell.RunAsync($"cd {mounted.Path}; find * -printf '%p %y\\n'"));
        Assert.Equal("test:/ fuse.test ro,nosuid,nodev\n", await Shell.RunAsync(
            $"awk '$2 == \"{mounted.Path}\" {{print $1, $3, substr($4, 1, 15)}}' /proc/mounts"));
        Assert.Equal(1, (await Shell.TryAsync($"cat {mounted.Path}/nothing")).Code);
        Assert.Contains("Read-only file system", (await Shell.TryAsync($"touch {mounted.Path}/new")).Errors);
        Assert.Empty(mounted.Complaints);
    }

    [SkippableFact]
    public async Task What_would_change_a_file_system_that_is_mounted_for_writing_fails_all_the_same()
    {
        _files.Add(_files.Root, "file", 0x81FF, "hello\n"u8.ToArray());
        await using Mounted mounted = await Mounted.AtAsync(_files, new MountOptions { Options = "rw" });
        string[] attempts =
        [
            "echo x > file", "touch -t 202001010000 file", "chmod 600 file", "rm file", "mkdir d", "mv file g",
            "ln file g", "ln -s file g", "mkfifo p", "truncate -s 3 file",
        ];
        foreach (string attempt in attempts)
        {
            (int code, _, string errors) = await Shell.TryAsync($"cd {mounted.Path} && {attempt}");
            Assert.True(code != 0 && errors.Contains("Read-only file system", StringComparison.Ordinal),
                $"{attempt}: {code} {errors}");
        }

        Assert.Equal("hello\n", await Shell.RunAsync($"cat {mounted.Path}/file"));
        Assert.Empty(mounted.Complaints);
    }

    [SkippableFact]
    public async Task Extended_attributes_are_listed_and_read_whatever_the_callers_buffer()
    {
        Needs.Program("getfattr");
        MemoryFiles.Node file = _files.Add(_files.Root, "file", 0x81A4, []);
        file.Xattrs["user.one"] = "1"u8.ToArray();
        file.Xattrs["user.large"] = new byte[60000];
        await using Mounted mounted = await Mounted.AtAsync(_files);
        Assert.Equal("user.one=\"1\"\n", await Shell.RunAsync(
            $"cd {mounted.Path}; getfattr -d -n user.one file | grep user"));
        Assert.Equal("60000\n", await Shell.RunAsync(
            $"getfattr --only-values -n user.large --absolute-names {mounted.Path}/file | wc -c"));
        Assert.Contains("No such attribute",
            (await Shell.TryAsync($"getfattr -n user.none --absolute-names {mounted.Path}/file")).Errors);
    }

    [SkippableFact]
    public async Task A_large_directory_is_listed_whole_and_each_entry_once()
    {
        for (int i = 0; i < 5000; i++)
        {
            _files.Add(_files.Root, $"entry-with-a-longer-name-{i:D5}", 0x81A4, []);
        }

        ConcurrentQueue<string> trace = [];
        await using Mounted mounted = await Mounted.AtAsync(_files, new MountOptions { Trace = trace.Enqueue });
        Assert.Equal("5000\n", await Shell.RunAsync($"ls {mounted.Path} | uniq | wc -l"));
        Assert.Equal("5000\n", await Shell.RunAsync($"find {mounted.Path} -type f -size 0 | sort -u | wc -l"));

        // All is cached now, the listing too: it costs no request to look again.
        await Shell.RunAsync($"ls -l {mounted.Path} | wc -l");
        trace.Clear();
        Assert.Equal("5001\n", await Shell.RunAsync($"find {mounted.Path} -printf '%s %i\\n' | wc -l"));
        Assert.DoesNotContain(trace, line => line.Contains(" LOOKUP ", StringComparison.Ordinal)
            || line.Contains(" GETATTR ", StringComparison.Ordinal) || line.Contains(" OPENDIR ", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task A_large_file_reads_the_same_in_order_at_random_mapped_and_by_many_at_once()
    {
        using SampleFile sample = new(48 << 20);
        _files.OnRead = (_, offset, size) => sample.Read(offset, size).AsAnswer();
        await ReadInAllWaysAsync(sample);
    }

    [SkippableFact]
    public async Task The_same_holds_when_each_read_has_to_wait()
    {
        using SampleFile sample = new(16 << 20);
        _files.OnRead = async (_, offset, size) =>
        {
            await Task.Yield();
            return sample.Read(offset, size);
        };
        await ReadInAllWaysAsync(sample);
    }

    [SkippableFact]
    public async Task The_same_holds_for_passthrough_and_no_read_reaches_the_process()
    {
        using SampleFile sample = new(16 << 20);
        int id = 0;
        _files.OnOpen = _ => new OpenOut(0, FuseOpenFlags.Passthrough, id);
        _files.OnRead = (_, _, _) => FuseAnswer.Failed<FuseData>(Errno.EIO);
        await ReadInAllWaysAsync(sample, mounted =>
        {
            Needs.Have(mounted.Mount.Connection.HasPassthrough, "passthrough (Linux 6.9)");
            FuseResult<int> opened = mounted.Mount.Connection.BackingOpen(sample.Handle);
            Assert.Equal((Errno)0, opened.Error);
            id = opened.Value;
        });
    }

    [SkippableFact]
    public async Task A_program_runs_from_it()
    {
        _files.Add(_files.Root, "program", 0x81ED, await File.ReadAllBytesAsync("/bin/echo"));
        await using Mounted mounted = await Mounted.AtAsync(_files);
        Assert.Equal("it runs\n", await Shell.RunAsync($"{mounted.Path}/program it runs"));
    }

    [SkippableFact]
    public async Task Backing_files_are_refused_and_closed_with_an_errno()
    {
        await using Mounted mounted = await Mounted.AtAsync(_files);
        Needs.Have(mounted.Mount.Connection.HasPassthrough, "passthrough (Linux 6.9)");
        using SampleFile sample = new(10);
        FuseResult<int> id = mounted.Mount.Connection.BackingOpen(sample.Handle);
        Assert.True(id is { Error: 0, Value: > 0 });
        Assert.Equal((Errno)0, mounted.Mount.Connection.BackingClose(id.Value));
        Assert.Equal(Errno.ENOENT, mounted.Mount.Connection.BackingClose(id.Value));
        using var proc = File.OpenHandle("/proc/self/status");
        Assert.NotEqual((Errno)0, mounted.Mount.Connection.BackingOpen(proc).Error);
    }

    [SkippableFact]
    public async Task A_method_that_throws_costs_one_request_and_one_complaint()
    {
        MemoryFiles.Node file = _files.Add(_files.Root, "file", 0x81A4, new byte[10]);
        _files.OnOpen = _ => new OpenOut(0, FuseOpenFlags.DirectIO);
        _files.OnRead = (_, _, _) => throw new InvalidDataException("broken");
        await using Mounted mounted = await Mounted.AtAsync(_files);
        Assert.Contains("Input/output error", (await Shell.TryAsync($"cat {mounted.Path}/file")).Errors);
        Assert.Equal("READ failed: InvalidDataException: broken", Assert.Single(mounted.Complaints));
        _files.OnRead = null;
        Assert.Equal("10\n", await Shell.RunAsync($"cat {mounted.Path}/file | wc -c"));
        Assert.Equal(file.Id, await _files.Released.Task.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [SkippableFact]
    public async Task Read_ahead_is_raised_to_a_megabyte()
    {
        using SampleFile sample = new(16 << 20);
        ConcurrentQueue<int> sizes = [];
        _files.OnRead = (_, offset, size) =>
        {
            sizes.Enqueue(size);
            return sample.Read(offset, size).AsAnswer();
        };
        _files.Add(_files.Root, "file", 0x81A4, sample.Bytes);
        await using Mounted mounted = await Mounted.AtAsync(_files);
        await Shell.RunAsync($"cat {mounted.Path}/file > /dev/null");
        Assert.Equal(1 << 20, sizes.Max());
        Assert.Empty(mounted.Complaints);
    }

    private async Task ReadInAllWaysAsync(SampleFile sample, Action<Mounted>? mountedFirst = null)
    {
        Needs.Program("python3");
        _files.Add(_files.Root, "large", 0x81A4, sample.Bytes);
        await using Mounted mounted = await Mounted.AtAsync(_files);
        mountedFirst?.Invoke(mounted);
        string digest = Convert.ToHexStringLower(SHA256.HashData(sample.Bytes));
        string large = $"{mounted.Path}/large";
        await Shell.RunAsync($"cmp {large} {sample.Path}");
        Assert.Equal(digest, (await Shell.RunAsync($"sha256sum {large}")).Split(' ')[0]);

        // 40 pieces at random, through a descriptor and through a mapping.
        Random random = new(42);
        string offsets = string.Join(',', Enumerable.Range(0, 40).Select(_ => random.Next(sample.Bytes.Length - 70000)));
        await Shell.RunAsync($"for o in {{{offsets}}}; do cmp -i $o -n 70000 {large} {sample.Path} || exit 1; done");
        await Shell.RunAsync($"""
            python3 -c '
            import mmap
            a = open("{large}", "rb"); b = open("{sample.Path}", "rb")
            x = mmap.mmap(a.fileno(), 0, prot=mmap.PROT_READ); y = mmap.mmap(b.fileno(), 0, prot=mmap.PROT_READ)
            assert all(x[o:o+70000] == y[o:o+70000] for o in [{offsets}])
            '
            """);

        string many = await Shell.RunAsync($"for i in {{1..16}}; do sha256sum < {large} & done; wait");
        Assert.Equal(Enumerable.Repeat($"{digest}  -", 16), many.TrimEnd().Split('\n'));
        Assert.Empty(mounted.Complaints);
    }
}
