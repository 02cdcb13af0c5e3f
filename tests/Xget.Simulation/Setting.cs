using Xget.Content;

namespace Xget.Simulation;

/// <summary>All that a run depends on: equal settings give equal figures. Times in seconds, sizes in bytes.</summary>
internal sealed record Setting
{
    /// <summary>The master not counted.</summary>
    public int Nodes { get; init; } = 91;

    public long Size { get; init; } = 10_000_000;

    /// <summary>Of each link and direction, in Mbit/s.</summary>
    public double Rate { get; init; } = 20;

    /// <summary>What plain TCP copies reach of the rate while all nodes send and receive at once.</summary>
    public double Factor { get; init; } = 0.865;

    /// <summary>Bytes in a chunk; 0 for the usual size.</summary>
    public int Chunk { get; init; }

    /// <summary>Chunks that one event moves at the most; 0 for as few as the run can afford.</summary>
    public int Piece { get; init; }

    public int Stripes { get; init; } = 4;

    public int MaxLevel { get; init; } = 32;

    public int MaxConnections { get; init; } = 10;

    /// <summary>The nodes start spread over this time.</summary>
    public double Spread { get; init; } = 0.1;

    /// <summary>A control message takes this long.</summary>
    public double Latency { get; init; } = 0.001;

    /// <summary>From being told of a new parent until the first request is there.</summary>
    public double Connect { get; init; } = 0.006;

    /// <summary>From the death of a node until those that are connected to it know.</summary>
    public double Detect { get; init; } = 0.1;

    /// <summary>A parent that gives nothing for this long is left out.</summary>
    public double Stall { get; init; } = 10;

    /// <summary>From the start of a slow node until three of its reports have shown that it is.</summary>
    public double Judge { get; init; } = 3;

    /// <summary>When something happens to a node, as a part of the time of one copy.</summary>
    public double At { get; init; } = 0.5;

    /// <summary>Which node is the slow one, in the order in which they start.</summary>
    public int SlowNode { get; init; } = 1;

    /// <summary>Nodes that are done serve on until the end, as mounts do.</summary>
    public bool Stay { get; init; }

    public Scenario Scenario { get; init; }

    public int Seed { get; init; } = 1;

    /// <summary>A flow's rate is left alone while it is off by less than this part of it.</summary>
    public double Tolerance { get; init; } = 0.005;

    /// <summary>Compare the rates with those of a plain algorithm now and then.</summary>
    public bool IsChecked { get; init; }

    /// <summary>Print what the tree looks like in the middle.</summary>
    public bool ShowsTree { get; init; }

    /// <summary>Payload bytes per second of a link.</summary>
    public double Bandwidth => Rate * 1e6 / 8 * Factor;

    /// <summary>One copy over one link, in seconds: F/B.</summary>
    public double CopyTime => Size / Bandwidth;

    public int ChunkSize => Chunk > 0 ? Chunk : ChunkTable.ChunkSizeFor((ulong)Size);

    /// <summary>Chunks in a piece: as few as give at most 50 million pieces in the whole run, but four pieces a stripe.</summary>
    public int PieceChunks
    {
        get
        {
            if (Piece > 0)
            {
                return Piece;
            }

            long chunks = (Size + ChunkSize - 1) / ChunkSize;
            int piece = 1;
            while (Nodes * chunks / piece > 50_000_000 && chunks / Stripes / piece > 4)
            {
                piece *= 2;
            }

            return piece;
        }
    }
}
