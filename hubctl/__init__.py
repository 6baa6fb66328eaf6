"""Operator command line of the hub: the local stack, topics, directory, connections, tokens."""
