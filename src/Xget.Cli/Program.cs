using Xget.Cli;

RuntimeChoices.Make();
return await XgetCommand.RunAsync(args);
