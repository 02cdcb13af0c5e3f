using Xget.Cli;

return await XgetCommand.RunAsync(args);
