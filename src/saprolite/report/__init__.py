"""What people see of a run: figures drawn from what the analysis read."""
