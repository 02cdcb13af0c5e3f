using System.Collections;
using Xget.NineP;

namespace Xget.Node.Tree;

/// <summary>A directory's children, each made when it is asked for: a list of any length costs nothing.</summary>
/// <param name="count">How many there are.</param>
/// <param name="child">Makes the child of that index; null if it is not shown.</param>
internal sealed class ChildList(int count, Func<int, ServedFile?> child) : IReadOnlyList<ServedFile?>
{
    public int Count => count;

    public ServedFile? this[int index] => child(index);

    public IEnumerator<ServedFile?> GetEnumerator()
    {
        for (int i = 0; i < count; i++)
            yield return child(i);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
