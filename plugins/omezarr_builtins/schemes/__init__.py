"""Ways to reach stores.

How specific their claims are: 1 for whatever fsspec knows, 10 for a protocol, 20 for a container by its suffix,
30 for what is open already.
"""
