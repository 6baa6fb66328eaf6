"""Sockets, clock and environment: what every service needs to live. Imports hub.model, hub.wire and libraries."""
