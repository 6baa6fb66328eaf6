"""The shared kernel in three rooms: `model` (words), `wire` (bytes, words), `runtime` (sockets, clock, environment)."""
