"""Reading and checking the files that a user writes."""
