namespace Xget.Routing;

/// <summary>How a route is decided, moved and given back.</summary>
public sealed partial class DistributionTree
{
    private Worker Enter(RoutingNode node)
    {
        if (!_workers.TryGetValue(node, out Worker? worker))
        {
            worker = new Worker(node, _options);
            _workers.Add(node, worker);
        }

        return worker;
    }

    /// <summary>Decides a route that is not decided yet, or, for one that was expected, no longer good.</summary>
    private void DecideIfNeeded(Member member, int stripe)
    {
        if (!member.IsDecided(stripe))
        {
            DecideAbove(member, stripe);
            Decide(member, stripe);
        }
        else if (member.Parents[stripe] is { } parent &&
                 (member.LeavesOut(parent) || (member.Holds == 1 && (!parent.IsAdvertised || parent.IsReported))))
        {
            Decide(member, stripe);
        }
    }

    /// <summary>Gives back the route of a stripe, if there is one, and takes the best there is now.</summary>
    private void Decide(Member member, int stripe)
    {
        GiveBack(member, stripe);
        Worker? parent = _choice.Choose(member, stripe, out bool takesPlace);
        Member? leaf = takesPlace ? parent!.Leaf(stripe) : null;
        StripeRoute former = default;
        if (leaf is not null)
        {
            former = leaf.Routes[stripe];
            GiveBack(leaf, stripe);
        }

        Attach(member, stripe, parent);
        if (leaf is not null)
        {
            Worker self = member.Self;
            bool hasRoom = self.Connections < _eligible.Fair && !self.IsReported && !leaf.LeavesOut(self);
            Attach(leaf, stripe, hasRoom ? self : _choice.Choose(leaf, stripe, out _));
            if (leaf.Routes[stripe] != former)
            {
                Changed(leaf);
            }
        }
    }

    private void Attach(Member member, int stripe, Worker? parent)
    {
        Worker self = member.Self;
        int parentLevel = 0;
        if (parent is not null)
        {
            ref Worker.Place place = ref parent.Places[stripe];
            parentLevel = place.Level;
            (place.Children ??= []).Add(member);
            place.DeepestLevel = Math.Min(place.DeepestLevel, place.Level);
            parent.Connections++;
            parent.LastChosen = ++_decisions;
            _eligible.Refresh(parent);
            RefreshParent(parent, stripe);
        }

        member.SetRoute(stripe, parent, parentLevel + 1);
        member.Node.CountGiven(parentLevel);
        member.Node.Former.Given(_options.Stripes, member.Routes[stripe]);
        self.Places[stripe].Level = parentLevel + 1;
        _innerStripes.Route(self, stripe, fromMaster: parent is null);
        _eligible.Refresh(self, stripe);
        if (IsStray(self, stripe) && !self.Places[stripe].IsStray)
        {
            self.Places[stripe].IsStray = true;
            _strays[stripe].Enqueue(self);
        }
    }

    private void GiveBack(Member member)
    {
        for (int stripe = 0; stripe < _options.Stripes; stripe++)
        {
            GiveBack(member, stripe);
            _innerStripes.LeaveRoot(member.Self, stripe);
        }

        member.Self.Member = null;
    }

    private void GiveBack(Member member, int stripe)
    {
        if (member.Parents[stripe] is { } parent)
        {
            member.Parents[stripe] = null;
            ref Worker.Place place = ref parent.Places[stripe];
            place.Children!.Remove(member);
            place.DeepestLevel = place.ChildCount == 0 ? _options.MaxLevel : place.DeepestLevel;
            parent.Connections--;
            Update(parent);
            RefreshParent(parent, stripe);
        }
    }

    /// <summary>A worker that gets its first child, or loses its last, is a leaf no more, or again: its parent's offer changes.</summary>
    private void RefreshParent(Worker worker, int stripe)
    {
        if (_options.Stripes > 1 && stripe != worker.InnerStripe && worker.Places[stripe].ChildCount < 2 &&
            worker.Member?.Parents[stripe] is { } above)
        {
            _eligible.Refresh(above, stripe);
        }
    }

    /// <summary>Whether a route goes to the master, or to a worker that is inner elsewhere or overloaded, for want of a
    /// better one.</summary>
    private bool IsStray(Worker worker, int stripe) =>
        _options.Stripes > 1 && worker.Member is { IsExhausted: false } member &&
        (member.Parents[stripe] is { } parent
            ? parent.InnerStripe != stripe || parent.Connections > _eligible.Fair
            : !_innerStripes.IsRoot(worker, stripe));

    /// <summary>A new inner worker has room: those who stand where they should not come to it, as many as it may have. Twice
    /// round, since who has children of its own comes after them.</summary>
    private void TakeStrays(int stripe, Member caller)
    {
        if (_options.Stripes == 1 || stripe == InnerStripes.None)
        {
            return;
        }

        Queue<Worker> strays = _strays[stripe];
        for (int left = 2 * Math.Min(strays.Count, _options.Stripes); left > 0 && strays.TryDequeue(out Worker? stray); left--)
        {
            stray.Places[stripe].IsStray = false;
            if (!IsStray(stray, stripe))
            {
                continue;
            }

            Member member = stray.Member!;
            if (_choice.Better(member, stripe, isReserved: _expected[stripe].Count > 0) is { } better)
            {
                GiveBack(member, stripe);
                Attach(member, stripe, better);
                if (member != caller)
                {
                    Changed(member);
                }
            }
            else
            {
                stray.Places[stripe].IsStray = true;
                strays.Enqueue(stray);
            }
        }
    }

    /// <summary>One that holds routes when it begins to serve takes the place of an inner worker: it stood as a leaf.</summary>
    private void PlaceLate(Worker self)
    {
        int stripe = self.InnerStripe;
        if (_options.Stripes == 1 || self.Member is not { Holds: > 0, IsExhausted: false } member || _innerStripes.IsRoot(self, stripe))
        {
            return;
        }

        StripeRoute before = member.Routes[stripe];
        Decide(member, stripe);
        Settle(self);
        int settled = self.InnerStripe;
        StripeRoute beforeStrays = settled == stripe ? before : member.Routes[settled];
        TakeStrays(settled, member);
        if (member.Routes[stripe] != before || member.Routes[settled] != beforeStrays)
        {
            Changed(member);
        }
    }

    private void Changed(Member member)
    {
        if (!member.IsChanged)
        {
            member.IsChanged = true;
            _changed.Enqueue(member);
        }
    }

    /// <summary>One node's word leaves a worker out for itself only; and it counts only if it reads from that worker, so
    /// that a stranger's word does no harm.</summary>
    private void Report(Member member, RoutingNode failed, bool isHeard = true)
    {
        if (_workers.TryGetValue(failed, out Worker? worker) && worker != member.Self)
        {
            member.LeaveOut(worker);
            if (isHeard && Array.IndexOf(member.Parents, worker) >= 0)
            {
                worker.Report(member.Node);
                if (worker.IsReported)
                {
                    _innerStripes.Forget(worker);
                    InnerStripeChanged(worker);
                }

                _eligible.Refresh(worker);
            }
        }
    }

    /// <summary>A node that holds no routes stands where it last stood if it advertises, at level 1 if it is complete, and
    /// nowhere otherwise. Rising never breaks the order of levels: its children stay below.</summary>
    private static void StandAlone(Worker worker)
    {
        if (worker.Member is null)
        {
            foreach (ref Worker.Place place in worker.Places.AsSpan())
            {
                place.Level = !worker.IsAdvertised ? 0 : worker.IsComplete ? 1 : place.Level;
            }
        }
    }

    private void Settle(Worker worker)
    {
        if (_innerStripes.Settle(worker))
        {
            InnerStripeChanged(worker);
            _eligible.Refresh(worker);
        }
    }

    /// <summary>Its parents may take it for a leaf elsewhere than before, and if it reads its new stripe from the master it
    /// may be the root there.</summary>
    private void InnerStripeChanged(Worker worker)
    {
        if (_options.Stripes == 1 || worker.Member is not { } member)
        {
            return;
        }

        for (int stripe = 0; stripe < _options.Stripes; stripe++)
        {
            if (member.Parents[stripe] is { } parent)
            {
                _eligible.Refresh(parent, stripe);
            }
            else if (member.IsDecided(stripe))
            {
                _innerStripes.Route(worker, stripe, fromMaster: true);
            }
        }
    }

    /// <summary>Puts a worker where it belongs now, or forgets it.</summary>
    private void Update(Worker worker)
    {
        _eligible.Refresh(worker);
        if (!worker.IsUsed)
        {
            _workers.Remove(worker.Node);
        }
    }
}
