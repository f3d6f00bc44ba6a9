"""What ``tunas show`` and ``tunas diff`` print: a function for each part of their output."""
