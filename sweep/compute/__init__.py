"""Where runs execute: compute targets, their slots, and the guard around each run."""
