"""Syntax tree to IR: names, values, layers, channel ties; and what they report (E1xx to W5xx)."""
