using System.Globalization;

namespace Xget.NineP.Tests.Protocol;

/// <summary>Bytes as they are on the wire, with each field named at the right.</summary>
internal static class Golden
{
    /// <summary>Reads lines of hex digits; what follows a bar is for people.</summary>
    public static byte[] Parse(string text) =>
    [
        .. text.Split('\n')
            .SelectMany(line => line.Split('|')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(hex => byte.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture)),
    ];

    /// <summary>
    /// The writer gives exactly these bytes, the table finds them whole in each of the dialects (and one byte more or
    /// less broken), and the trace shows their fields.
    /// </summary>
    public static void Check(string golden, string trace, Frames.Writer? write, params Dialect[] dialects)
    {
        byte[] frame = Parse(golden);
        if (write is not null)
        {
            Assert.Equal(frame, Frames.Make(write));
        }

        Assert.Equal((uint)frame.Length, Wire.U32(frame, 0));
        MessageDefinition message = Assert.IsType<MessageDefinition>(MessageTable.Find(frame[4]));
        foreach (Dialect dialect in dialects)
        {
            Assert.True(message.IsIn(dialect));
            Assert.True(message.Fits(frame.AsSpan(7), dialect));
            Assert.False(message.Fits([.. frame[7..], 0], dialect));
            if (frame.Length > 7)
            {
                Assert.Equal(message.Type == MessageType.Tfsync && frame.Length == 12,
                    message.Fits(frame.AsSpan(7, frame.Length - 8), dialect));
            }

            Assert.Equal(trace, TracePrinter.Print(frame, dialect));
        }

        foreach (Dialect dialect in All.Except(dialects))
        {
            Assert.False(message.IsIn(dialect) && message.Fits(frame.AsSpan(7), dialect));
        }
    }

    public static Dialect[] All { get; } = [Dialect.NineP2000, Dialect.NineP2000u, Dialect.NineP2000L];

    public static Dialect[] Numbered { get; } = [Dialect.NineP2000u, Dialect.NineP2000L];

    public static Dialect[] Stats { get; } = [Dialect.NineP2000, Dialect.NineP2000u];
}
