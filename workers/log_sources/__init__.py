"""Where logs come from: one port (port.py), one module a kind of source, one contract suite over all of them."""
