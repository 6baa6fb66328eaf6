"""Intake: the hub's one door for packages and status messages.

Takes    HTTP: `POST /api/v1/documents`, `/documents/check`, `/statuses`; the directory from `agency.changed`.
Gives    `document.received`, `document.refused` (stage `intake`), `status.reported`.
Owns     the spool, claims on DocumentIds (not a projection, gone after a day), receipts of documents and statuses.
Promises 202 means durable: bytes fsynced in the blob store, event acknowledged by Kafka. The same bytes again get the
         same receipt; other bytes under a taken DocumentId get 409. Every refusal names all reasons.
Fails how Broker, database or store away: 503 with Retry-After within 5 s; nothing is half stored, a retry is safe.
Never does judge signatures, route, change a byte of a package, or hold a whole package in memory.
"""
