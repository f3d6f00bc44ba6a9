"""Files: read strictly, written whole or not at all; the files that come along."""
