using System.Globalization;

namespace Xget.Lab;

/// <summary>
/// Trees to copy, made by the shell and the system's own commands. Everything a file system can hold is in
/// <see cref="AddSpecials"/>; it needs root, setfattr and setcap.
/// </summary>
public static class SampleTree
{
    /// <summary>
    /// Copies whole directories of /usr/share (each of at most 40 MB) into <paramref name="target"/> until there are
    /// at least so many files; the number of files.
    /// </summary>
    public static int AddRealFiles(string target, int atLeast)
    {
        string count = Command.Run("bash", "-euo", "pipefail", "-c",
            """
            target=$1 wanted=$2 chosen=() n=0
            for d in /usr/share/*/ /usr/lib/*/; do
              [[ -L ${d%/} ]] && continue
              files=$(find "$d" -xdev -type f | wc -l)
              (( files >= 20 && $(du -sxm "$d" | cut -f1) <= 40 )) || continue
              d=${d%/}; chosen+=("${d#/}"); n=$((n + files))
              (( n < wanted )) || break
            done
            mkdir -p "$target"
            cd /
            cp -a --parents -t "$target" "${chosen[@]}"
            find "$target" -type f | wc -l
            """,
            "bash", target, atLeast.ToString(CultureInfo.InvariantCulture));
        return int.Parse(count, CultureInfo.InvariantCulture);
    }

    /// <summary>Every kind of entry and attribute, and names that are hard to carry.</summary>
    public static void AddSpecials(string target) => Command.Run("bash", "-euo", "pipefail", "-c",
        """
        mkdir -p "$1"; cd "$1"
        # links
        mkdir links links/deeper
        echo linked >links/first; ln links/first links/second; ln links/first links/deeper/third
        ln -s first links/relative; ln -s ../links links/to-directory; ln -s /nowhere/at/all links/dangling
        ln -s / links/absolute; ln -s "$(printf 'x%.0s' {1..1000})" links/long
        chown -h 12:34 links/dangling; touch -h -d '2001-02-03 04:05:06.789012345 UTC' links/dangling
        # devices and the like
        mkdir nodes
        mknod nodes/null c 1 3; mknod nodes/loop b 7 200; mknod nodes/high c 300 70000; mkfifo nodes/fifo
        chmod 640 nodes/null; chown 3:4 nodes/null
        # modes, owners, times
        mkdir modes; cd modes
        echo suid >suid; chown 1234:5678 suid; chmod 4755 suid
        echo sgid >sgid; chmod 2711 sgid; echo none >none; chmod 0 none; : >empty
        mkdir sticky setgid closed; chmod 1777 sticky; chmod 2775 setgid; chown 4294967293:65534 setgid
        echo hidden >closed/inside; chmod 000 closed
        echo old >old; touch -d @-12345.678901234 old; echo late >late; touch -d @4102444800.000000001 late
        cd ..
        # extended attributes
        mkdir attributes; cd attributes
        echo able >able; setcap cap_net_raw,cap_sys_admin+ep able
        echo user >user; setfattr -n user.note -v 'bytes' user; setfattr -n user.binary -v 0x00ff0a00 user
        setfattr -n user.empty user; setfattr -n user.large -v "$(printf 'v%.0s' {1..2000})" user
        mkdir directory; setfattr -n user.on -v directory directory; setfattr -n trusted.t -v root directory
        ln -s user link; setfattr -h -n trusted.link -v yes link
        cd ..
        # empty and deep directories
        mkdir -p empty/very/empty; mkdir -p "$(printf 'level%02d/' {1..40})"; echo deep >"$(printf 'level%02d/' {1..40})bottom"
        # sparse files: a hole in front, islands, a hole at the end
        mkdir sparse; cd sparse
        truncate -s 64M islands
        for at in 1 20 40; do head -c 100000 /dev/urandom | dd of=islands bs=1M seek=$at conv=notrunc status=none; done
        truncate -s 5M nothing; { head -c 4096 /dev/zero; echo end; } >zeros-written
        cd ..
        # names: each byte that a name can have, and names that mean something to Xget
        mkdir names; cd names
        for i in {1..255}; do
          printf -v name "\\x$(printf %02x $i)"
          (( i == 46 || i == 47 )) || printf '%d' $i >"$name"
        done
        echo dot >.hidden; echo dash >-n; echo space >' two  words '; echo 255 >"$(printf 'n%.0s' {1..255})"
        echo utf >grün-日本; printf -v broken 'broken-\xc3\x28-\xff'; echo latin >"$broken"
        cd ..
        mkdir control; cd control
        for n in data avail redir checksum log .xget generation; do echo "real $n" >$n; done
        mkdir dir; echo inner >dir/data; mkdir dir2 dir2/data; echo inner >dir2/data/checksum
        cd ..
        touch -d '1999-12-31 23:59:59.5 UTC' links nodes modes attributes empty sparse names control
        """,
        "bash", target);
}
