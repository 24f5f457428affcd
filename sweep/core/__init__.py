"""The sweep as a state machine: events in, commands out, nothing else."""
