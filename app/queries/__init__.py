"""Reads: one function per need of a page, returning dataclasses. Nothing here writes or decides."""
