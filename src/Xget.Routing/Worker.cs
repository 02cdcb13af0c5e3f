namespace Xget.Routing;

/// <summary>
/// What a tree knows of one node: its place in each stripe, whether it serves, and who reads from it. It exists as long as
/// the node holds routes, advertises, or has children.
/// </summary>
internal sealed class Worker
{
    private int? _firstReporter; // its voice

    public Worker(RoutingNode node, RoutingOptions options)
    {
        Node = node;
        InnerStripe = options.Stripes > 1 ? InnerStripes.None : 0;
        Places = new Place[options.Stripes];
        foreach (ref Place place in Places.AsSpan())
        {
            place.DeepestLevel = options.MaxLevel;
        }
    }

    public RoutingNode Node { get; }

    /// <summary>By stripe.</summary>
    public Place[] Places { get; }

    /// <summary>The routes it holds itself; null when it holds none.</summary>
    public Member? Member { get; set; }

    /// <summary>The stripe in which it is meant to have its children, while it advertises.</summary>
    public int InnerStripe { get; set; }

    /// <summary>Routes held to it now, over all stripes: the paper's connections.</summary>
    public int Connections { get; set; }

    /// <summary>The number of the last decision that chose it; 0 if none did.</summary>
    public long LastChosen { get; set; }

    public bool IsAdvertised { get; private set; }

    /// <summary>It said that it has the whole content, and has not asked for a route since.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Reported by two nodes: nobody is sent to it until it advertises again.</summary>
    public bool IsReported { get; private set; }

    /// <summary>It has been here for a while, and keeps its place.</summary>
    public bool IsAdvanced { get; set; }

    /// <summary>Counts advertisements, so that what is left out comes back when it advertises again.</summary>
    public int Advertisement { get; private set; }

    /// <summary>It has not asked for routes yet, and will be given the place it had in the content before.</summary>
    public LinkedListNode<Worker>? Expected { get; set; }

    public bool IsUsed => Member is not null || IsAdvertised || Connections > 0;

    public void Advertise()
    {
        if (!IsAdvertised || IsReported)
        {
            Advertisement++;
            IsReported = false;
            _firstReporter = null;
        }

        IsAdvertised = true;
    }

    public void Withdraw()
    {
        IsAdvertised = false;
        IsComplete = false;
    }

    public void Demote() => IsReported = true;

    public void Report(RoutingNode reporter)
    {
        _firstReporter ??= reporter.Voice;
        IsReported |= _firstReporter != reporter.Voice;
    }

    /// <summary>A child in that stripe that could as well stand one level deeper, below a newcomer, since it is a leaf there:
    /// the latest that is not advanced, else the latest; null if it has none. It looks at all its children.</summary>
    public Member? Leaf(int stripe)
    {
        Member? advanced = null;
        if (Places[stripe].Children is { } children)
        {
            for (int i = children.Count - 1; i >= 0; i--)
            {
                Worker child = children[i].Self;
                if (child.InnerStripe == stripe || child.Places[stripe].ChildCount > 0)
                {
                    continue;
                }

                if (!child.IsAdvanced)
                {
                    return children[i];
                }

                advanced ??= children[i];
            }
        }

        return advanced;
    }

    /// <summary>A node's place in one stripe.</summary>
    public struct Place
    {
        /// <summary>Its level; 0 while it has none.</summary>
        public int Level;

        /// <summary>Who holds a route of this stripe to it; made when first used.</summary>
        public List<Member>? Children;

        /// <summary>Its route is not as it should be, and stands in line for a better one.</summary>
        public bool IsStray;

        /// <summary>The deepest level it may take: every child's level is greater. The limit of the tree when it has no
        /// children; never raised while it has some, which is stricter than need be and costs no search.</summary>
        public int DeepestLevel;

        /// <summary>How many routes of this stripe are held to it.</summary>
        public readonly int ChildCount => Children?.Count ?? 0;

        /// <summary>The queue it stands in while it is eligible, and where.</summary>
        public WorkerQueue? Queue;

        public int Index;
    }
}
