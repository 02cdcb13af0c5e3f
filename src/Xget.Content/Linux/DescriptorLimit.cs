using System.Runtime.InteropServices;

namespace Xget.Content.Linux;

/// <summary>How many descriptors this process may have (RLIMIT_NOFILE).</summary>
public static partial class DescriptorLimit
{
    private const int NoFile = 7; // RLIMIT_NOFILE of bits/resource.h
    private const int Assumed = 1024;
    private const ulong Enough = 1 << 20; // more would only be work for what closes all of them

    /// <summary>The limit, after the soft one was raised as far as the hard one allows when this was asked for first.</summary>
    public static int Current { get; } = Raise();

    private static int Raise()
    {
        if (GetLimit(NoFile, out Limit limit) != 0)
            return Assumed;
        ulong most = Math.Min(limit.Hard, Enough);
        if (limit.Soft < most)
        {
            var raised = new Limit { Soft = most, Hard = limit.Hard };
            if (SetLimit(NoFile, in raised) == 0)
                limit = raised;
        }
        return (int)Math.Min(limit.Soft, Enough);
    }

    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit64")]
    private static partial int GetLimit(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit64")]
    private static partial int SetLimit(int resource, in Limit limit);
}
