namespace Xget.NineP;

/// <summary>The dialects' names in Tversion and Rversion.</summary>
internal static class VersionNames
{
    public static ReadOnlySpan<byte> Unknown => "unknown"u8;

    public static ReadOnlySpan<byte> Of(Dialect dialect) => dialect switch
    {
        Dialect.NineP2000L => "9P2000.L"u8,
        Dialect.NineP2000u => "9P2000.u"u8,
        _ => "9P2000"u8,
    };

    /// <summary>The dialect with exactly that name.</summary>
    public static Dialect? Parse(ReadOnlySpan<byte> name)
    {
        for (Dialect dialect = Dialect.NineP2000; dialect <= Dialect.NineP2000L; dialect++)
        {
            if (name.SequenceEqual(Of(dialect)))
            {
                return dialect;
            }
        }

        return null;
    }

    /// <summary>
    /// The dialect to answer an offer with: the offered one, else the longest that is left when the offer is cut before a
    /// period (version(5)).
    /// </summary>
    public static Dialect? Answer(ReadOnlySpan<byte> offer, bool offerUnix)
    {
        Dialect? dialect = Parse(offer);
        while (dialect is null && offer.LastIndexOf((byte)'.') is >= 0 and int dot)
        {
            offer = offer[..dot];
            dialect = Parse(offer);
        }

        return dialect == Dialect.NineP2000u && !offerUnix ? Dialect.NineP2000 : dialect;
    }
}
