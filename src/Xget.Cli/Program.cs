using Xget.Cli;

SocketThreads.Choose();
return await XgetCommand.RunAsync(args);
