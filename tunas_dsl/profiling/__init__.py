"""Latency tables of one's own device: what is measured, in which order, and what is noise."""
