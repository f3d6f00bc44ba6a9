"""Text to syntax tree and back: the tree, the parser, the formatter, and what they report (E0xx)."""
