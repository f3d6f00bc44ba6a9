"""A space and its architectures in files, and in the forms of other tools."""
