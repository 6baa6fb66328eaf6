"""Bytes to words and back. Pure: no sockets, no clock, no environment. Imports hub.model, fastavro and lxml."""
