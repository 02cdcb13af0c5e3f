Console.WriteLine("xget");
