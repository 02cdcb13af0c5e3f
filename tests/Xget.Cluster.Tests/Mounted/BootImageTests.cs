using Xget.Lab;

namespace Xget.Cluster.Tests.Mounted;

/// <summary>A small root that lies on the mount, as an image and as a directory, is booted from as far as chroot goes.</summary>
public sealed class BootImageTests
{
    private const int DataSize = 20_000_000;

    private const string MakeRoot =
        """
        root=$1/root
        mkdir -p "$root"/{bin,etc,proc,dev,tmp}
        cp /bin/busybox "$root/bin"
        for a in sh cat ls sha256sum mkdir rm touch stat; do ln -s busybox "$root/bin/$a"; done
        # A program with its shared libraries and its loader, at the paths that it has here.
        cp --parents -L /bin/bash $(ldd /bin/bash | grep -o '/[^ )]*') "$root"
        echo 'greeting="hello from the image"' >"$root/etc/settings"
        head -c "$2" /dev/urandom >"$root/data"
        (cd "$root"; sha256sum data >data.sums)
        cat >"$root/etc/rc" <<'EOF'
        #!/bin/sh
        set -e
        . /etc/settings
        cd /
        sha256sum -c data.sums
        mkdir /tmp/new
        echo "$greeting" >/tmp/new/file
        echo changed >>/etc/settings
        rm /etc/rc
        ls -l /bin /etc /tmp >/tmp/listing
        /bin/bash -c 'echo "$(cat /tmp/new/file), $((6 * 7))"'
        EOF
        chmod +x "$root/etc/rc"
        mksquashfs "$root" "$1/root.squashfs" -quiet -no-progress
        """;

    // Mounts made here go away in any case, the loop device with them.
    private const string Boot =
        """
        lower=$1 work=$2
        mkdir -p "$work"/{image,memory,merged}
        trap 'for d in merged memory image; do mountpoint -q "$work/$d" && umount "$work/$d"; done; true' EXIT
        if [[ -f $lower ]]; then
          mount -o loop,ro "$lower" "$work/image"
          lower=$work/image
        fi
        mount -t tmpfs tmpfs "$work/memory"
        mkdir "$work"/memory/{upper,work}
        mount -t overlay overlay -o "lowerdir=$lower,upperdir=$work/memory/upper,workdir=$work/memory/work" "$work/merged"
        chroot "$work/merged" /etc/rc
        """;

    [SkippableTheory]
    [InlineData("root.squashfs")] // loop-mounted, and an overlay above
    [InlineData("root")] // the mount itself as the overlay's lower layer
    public async Task A_root_that_lies_on_the_mount_is_overlaid_and_chrooted_into_before_and_after_it_is_cached(string lower)
    {
        using var lab = new MountLab(1, null, "mksquashfs", "busybox", "losetup");
        Directory.CreateDirectory(lab.Tree);
        await lab.RunAsync(MakeRoot, lab.Tree, $"{DataSize}");
        await lab.StartMasterAsync();
        MountedNode mount = await lab.MountAsync(1);

        foreach (string time in (string[])["cold", "cached"])
        {
            string said = await lab.RunAsync(Boot, mount[lower], lab.Scratch[time]);
            Assert.Contains("data: OK", said, StringComparison.Ordinal);
            Assert.Contains("hello from the image, 42", said, StringComparison.Ordinal);
            // Whole now: the second time the kernel may read the cache itself.
            MountWitness.ExpectSame(lab.Tree, mount.Directory);
        }

        Assert.DoesNotContain(mount.Directory, Command.Run("losetup", "-a"), StringComparison.Ordinal);
        await mount.UnmountAsync();
    }
}
