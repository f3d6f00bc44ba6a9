"""What a space means, free of syntax: numbers, the space itself, its points, its JSON form."""
