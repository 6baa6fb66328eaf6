"""Router: from a judged document to an item in every recipient's inbox, and the directory that says whose that is.

Takes: signature.checked, status.reported; downloads and acknowledgements of agencies; the operator's directory entries.
Gives: delivery.planned, delivery.taken, delivery.settled, document.refused (by policy), agency.changed and
    connection.changed.
Owns: inbox, refusals, agencies, connections - all projections of what it gives; the hub's own status messages as blobs.
Promises: one item for each recipient whatever crashes, offered until it is reported done or fail; who had it, is known.
Fails how: a part that is away means waiting (Kafka) or 503 (HTTP); what cannot be delivered, its sender is told.
Never does: read a package, judge a signature, show one agency's item to another, tell that it exists.
"""
