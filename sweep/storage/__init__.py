"""What is kept: the workspace, journals, snapshots, run folders."""
