"""The library: what ``import tunas_dsl`` offers, and what the command line stands on."""
