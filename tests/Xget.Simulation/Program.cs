using Xget.Simulation;

// dotnet run --project tests/Xget.Simulation -c Release -- --all
bool all = args is ["--all", ..];
if (CommandLine.Read(args.AsSpan(all ? 1 : 0)) is not { } setting)
{
    Console.Error.WriteLine(CommandLine.Usage);
    return 2;
}

Console.WriteLine(Outcome.Heading);
bool isDone = true;
foreach (Setting run in all ? Table.Settings(setting) : [setting])
{
    Outcome outcome = new ClusterRun(run).Run();
    Console.WriteLine(outcome.Line());
    isDone &= outcome.Missing == 0;
}

return isDone ? 0 : 1;
