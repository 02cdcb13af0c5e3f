using Xget.Cli;

StandardStreams.OpenClosed();
RuntimeChoices.Make();
return await XgetCommand.RunAsync(args);
