"""What costs time, counted: nothing here looks at a clock."""
