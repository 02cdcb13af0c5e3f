using System.Globalization;
using Xget.Fuzz;

// dotnet run --project tests/Xget.Fuzz -- --seconds N --seed S
int seconds = 10;
int seed = Environment.TickCount;
for (int i = 0; i + 1 < args.Length; i += 2)
{
    int value = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
    switch (args[i])
    {
        case "--seconds":
            seconds = value;
            break;
        case "--seed":
            seed = value;
            break;
        default:
            Console.Error.WriteLine("usage: Xget.Fuzz [--seconds N] [--seed S]");
            return 2;
    }
}

Console.WriteLine($"seed {seed}, {seconds} s");
long end = Environment.TickCount64 + 1000L * seconds;
int sessions = 0;
long replies = 0;
while (Environment.TickCount64 < end)
{
    try
    {
        replies += await new FuzzSession(unchecked(seed + sessions)).RunAsync();
        sessions++;
    }
    catch (Exception e)
    {
        Console.Error.WriteLine($"session with seed {unchecked(seed + sessions)}: {e}");
        return 1;
    }
}

Console.WriteLine($"{sessions} sessions, {replies} valid replies, nothing left open");
return 0;
