namespace Xget.Routing.Tests;

/// <summary>
/// The rules for one stripe, written down a second time without any cleverness: plain lists, a full search per decision.
/// The tree must decide exactly so.
/// </summary>
internal sealed class PaperModel(int maxLevel, int maxConnections)
{
    private readonly Dictionary<int, Node> _nodes = [];
    private int _clock;

    public void Advertise(int id)
    {
        Node node = this[id];
        if (!node.Serves || node.Reporters.Count > 1)
        {
            node.Reporters.Clear();
            foreach (Node other in _nodes.Values)
            {
                other.LeavesOut.Remove(id);
            }
        }

        node.Serves = true;
    }

    public void Complete(int id)
    {
        Node node = this[id];
        node.Complete = node.Serves;
        node.Level = node is { Holds: 0, Complete: true } ? 1 : node.Level;
    }

    public void Withdraw(int id)
    {
        Node node = this[id];
        node.Serves = node.Complete = false;
        node.Level = node.Holds == 0 ? 0 : node.Level;
        foreach (Node other in _nodes.Values)
        {
            other.LeavesOut.Remove(id);
        }

        ForgetIfUnused(node);
    }

    public void Join(int id, int leaveOut)
    {
        Node node = this[id];
        Fail(node, leaveOut);
        if (++node.Holds == 1)
        {
            node.Complete = false;
            Decide(node);
        }
        else if (node.LeavesOut.Contains(node.Parent))
        {
            Decide(node);
        }
    }

    public void Leave(int id)
    {
        Node node = this[id];
        if (--node.Holds == 0)
        {
            Release(node);
            node.LeavesOut.Clear();
            node.Level = !node.Serves ? 0 : node.Complete ? 1 : node.Level;
            ForgetIfUnused(node);
        }
    }

    public void Reroute(int id, int failed)
    {
        Node node = this[id];
        Fail(node, failed);
        if (failed == 0 || failed == node.Parent)
        {
            Decide(node);
        }
    }

    /// <summary>Parent and level of a node that holds a route; parent 0 is the master.</summary>
    public (int Parent, int Level) Route(int id) => (this[id].Parent, this[id].Level);

    private Node this[int id] => _nodes.TryGetValue(id, out Node? node) ? node : _nodes[id] = new Node { Id = id };

    private void Fail(Node node, int failed)
    {
        if (failed == 0 || failed == node.Id || !this[failed].Serves)
        {
            return;
        }

        node.LeavesOut.Add(failed);
        if (node.Holds > 0 && node.Parent == failed)
        {
            this[failed].Reporters.Add(node.Id);
        }
    }

    private void Release(Node node)
    {
        if (node.Parent != 0)
        {
            Node parent = this[node.Parent];
            node.Parent = 0;
            if (--parent.Children == 0)
            {
                parent.LevelsWithChildren.Clear();
            }

            ForgetIfUnused(parent);
        }
    }

    /// <summary>A node that comes back is as new as one that was never there.</summary>
    private static void ForgetIfUnused(Node node)
    {
        if (node is { Serves: false, Holds: 0, Children: 0 })
        {
            node.Chosen = 0;
        }
    }

    private void Decide(Node node)
    {
        Release(node);
        Node? best = _nodes.Values
            .Where(w => w.Serves && w.Reporters.Count < 2 && w.Id != node.Id && !node.LeavesOut.Contains(w.Id))
            .Where(w => w.Level > 0 && w.Level < maxLevel && w.Children < maxConnections)
            .Where(w => node.LevelsWithChildren.TrueForAll(level => w.Level < level))
            .OrderBy(w => w.Children)
            .ThenBy(w => node.Given.GetValueOrDefault(w.Level))
            .ThenBy(w => w.Chosen)
            .ThenBy(w => w.Id)
            .FirstOrDefault();
        int level = best?.Level ?? 0;
        node.Given[level] = node.Given.GetValueOrDefault(level) + 1;
        node.Level = level + 1;
        if (best is not null)
        {
            node.Parent = best.Id;
            best.Children++;
            best.Chosen = ++_clock;
            best.LevelsWithChildren.Add(best.Level);
        }
    }

    private sealed class Node
    {
        public int Id, Level, Parent, Children, Chosen, Holds;
        public bool Serves, Complete;

        public List<int> LevelsWithChildren { get; } = [];

        public HashSet<int> Reporters { get; } = [];

        public HashSet<int> LeavesOut { get; } = [];

        public Dictionary<int, int> Given { get; } = [];
    }
}
