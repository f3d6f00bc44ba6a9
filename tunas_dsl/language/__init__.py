"""The language as text: reading it, compiling it, writing it, mending it, explaining it."""
