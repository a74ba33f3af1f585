"""Kinds of groups that the NGFF specification describes."""
