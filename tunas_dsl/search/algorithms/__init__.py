"""What proposes architectures and hears how good they are, and the algorithms there are."""
