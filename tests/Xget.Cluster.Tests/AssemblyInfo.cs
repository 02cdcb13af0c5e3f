// Each test starts processes of its own and wants the machine for itself.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
