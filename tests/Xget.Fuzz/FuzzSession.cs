using Xget.NineP;
using Xget.Testing;

namespace Xget.Fuzz;

/// <summary>
/// One conversation of a peer that means no good with a server: valid requests in senseless order, some of them
/// damaged. What must hold: every reply is well-formed and answers a tag that is waiting, no reply follows the Rflush
/// of its request, the server ends by itself when the peer goes, and then nothing is open, leased or outstanding.
/// </summary>
internal sealed class FuzzSession(int seed)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Random _random = new(seed);
    private readonly TestTree _tree = new();
    private readonly List<TestFile> _files = [];
    private readonly List<string> _complaints = [];
    private readonly Dictionary<ushort, MessageType> _waiting = [];
    private readonly Dictionary<ushort, ushort> _flushes = [];
    private bool _damaged;

    /// <summary>Runs to the end; the number of valid replies.</summary>
    /// <exception cref="InvalidOperationException">Something that must hold did not.</exception>
    public async Task<int> RunAsync()
    {
        Plant();
        ServerOptions options = new()
        {
            Limits = new() { MaxFids = 20 },
            MaxMsize = 1 << _random.Next(8, 18),
            Complaint = (_, text) => Note(text),
        };
        NinePServer server = new(_tree, options, new ManualTime());
        (MemoryConnection near, MemoryConnection far) = MemoryConnection.Pair(capacity: _random.Next(50, 70_000));
        Task serving = server.ServeAsync(far, CancellationToken.None);
        Dialect dialect = (Dialect)_random.Next(3);
        Task<int> receiving = ReceiveAllAsync(near, dialect);
        try
        {
            await SendAllAsync(near, dialect);
        }
        catch (IOException)
        {
            // The server has hung up on nonsense.
            Check(_damaged, "The server hung up on a sane peer.");
        }

        foreach (TestFile file in _files)
        {
            file.Release();
        }

        if (_random.Next(4) == 0)
        {
            near.Abort();
        }
        else
        {
            near.EndSending();
        }

        await serving.WaitAsync(Patience);
        int replies = await receiving.WaitAsync(Patience);
        await near.DisposeAsync();
        Check(_tree.Open == 0, "A file was left open.");
        Check(_tree.Disconnections == 1, "The disconnection was not told once.");
        Check(_tree.OpenAtDisconnection == 0, "A file was open at the disconnection.");
        Check(_files.TrueForAll(f => f.Leases == 0), "A lease was not given back.");
        Check(_complaints.Count <= 1, "More than one complaint.");
        Check(_complaints.Count == 0 || _damaged, $"A sane peer was complained of: {string.Join("; ", _complaints)}");
        return replies;
    }

    private void Plant()
    {
        TestDirectory a = _tree.Root.AddDirectory("a");
        _tree.Root.AddLink("link", "a/small");
        _tree.Root.AddDevice("null", 0x21B6, 1, 3);
        for (int i = 0; i < 30; i++)
        {
            a.AddFile(new string('n', 1 + (7 * i)), "");
        }

        _files.Add(a.AddFile("small", "small"));
        _files.Add(a.AddFile("large", new byte[100_000]));
        TestFile slow = _tree.Root.AddFile("slow", "slow");
        slow.Waits = true;
        slow.Writable = true;
        slow.Xattrs["user.x"] = new byte[100];
        _files.Add(slow);
    }

    private async Task SendAllAsync(MemoryConnection near, Dialect dialect)
    {
        FrameMaker maker = new(_random, dialect);
        List<byte> packet = [.. maker.Version(_random.Next(256, 300_000)), .. maker.Attach(0)];
        lock (_waiting)
        {
            _waiting[NinePLimits.NoTag] = MessageType.Tversion;
            _waiting[0] = MessageType.Tattach;
        }

        bool hurts = _random.Next(3) == 0;
        int requests = _random.Next(1, 200);
        for (int i = 0; i < requests && !_damaged; i++)
        {
            byte[] frame = Next(maker);
            if (hurts && _random.Next(30) == 0)
            {
                frame = Damage(frame);
            }

            packet.AddRange(frame);
            if (_random.Next(5) == 0)
            {
                await near.SendAsync(packet.ToArray(), CancellationToken.None);
                packet.Clear();
            }

            if (_random.Next(50) == 0)
            {
                _files[^1].Release();
            }
        }

        await near.SendAsync(packet.ToArray(), CancellationToken.None);
    }

    /// <summary>A request with a tag that is free, or a flush of one that is not.</summary>
    private byte[] Next(FrameMaker maker)
    {
        lock (_waiting)
        {
            ushort tag;
            do
            {
                tag = (ushort)_random.Next(1, 2000);
            }
            while (_waiting.ContainsKey(tag) || _flushes.ContainsValue(tag));

            ushort old = _waiting.Count > 0 && _random.Next(2) == 0
                ? _waiting.Keys.ElementAt(_random.Next(_waiting.Count))
                : (ushort)_random.Next(2000);
            byte[] frame = maker.Request(tag, old);
            _waiting[tag] = (MessageType)frame[4];
            if (frame[4] == (byte)MessageType.Tflush && old != tag && _waiting.ContainsKey(old))
            {
                _flushes[tag] = old;
            }

            return frame;
        }
    }

    private byte[] Damage(byte[] frame)
    {
        _damaged = true;
        switch (_random.Next(4))
        {
            case 0:
                return frame[.._random.Next(frame.Length)];
            case 1:
                byte[] noise = new byte[_random.Next(1, 100)];
                _random.NextBytes(noise);
                return noise;
            case 2:
                frame[_random.Next(4)] ^= (byte)(1 << _random.Next(8));
                return frame;
            default:
                frame[_random.Next(frame.Length)] = (byte)_random.Next(256);
                return frame;
        }
    }

    private async Task<int> ReceiveAllAsync(MemoryConnection near, Dialect dialect)
    {
        await Task.Yield();
        ScriptedPeer peer = new(near);
        int replies = 0;
        while (await peer.TryReceiveAsync() is { } frame)
        {
            // After damage the server may have read a request that was never meant.
            Check(_damaged || IsAnswer(frame), "An answer to no question.");
            Check(_damaged || IsWellFormed(frame, dialect), $"A malformed reply: {Convert.ToHexString(frame)}");
            replies++;
        }

        return replies;
    }

    private bool IsAnswer(byte[] frame)
    {
        ushort tag = Wire.U16(frame, 5);
        lock (_waiting)
        {
            if (!_waiting.Remove(tag, out MessageType asked))
            {
                return false;
            }

            if (_flushes.Remove(tag, out ushort flushed))
            {
                _waiting.Remove(flushed);
            }

            return frame[4] == (byte)asked + 1 || frame[4] is (byte)MessageType.Rerror or (byte)MessageType.Rlerror;
        }
    }

    private static bool IsWellFormed(byte[] frame, Dialect dialect) =>
        MessageTable.Find(frame[4]) is { IsRequest: false } message
        && message.IsIn(dialect)
        && message.Fits(frame.AsSpan(NinePLimits.HeaderSize), dialect)
        && (message.Type != MessageType.Rreaddir || Decode.Directory(
            dialect, 0, frame.AsSpan(NinePLimits.HeaderSize), out _));

    private void Note(string complaint)
    {
        lock (_complaints)
        {
            _complaints.Add(complaint);
        }
    }

    private static void Check(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }
}
