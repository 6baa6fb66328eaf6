"""Status: what became of each document, shown to whoever may see it.

Takes    every event of a document's life: document.received, document.refused, signature.checked, delivery.planned,
         delivery.taken, delivery.settled, status.reported; alert.raised, alert.sent. HTTP: documents, reports, console.
Gives    status.changed: the shown state of one recipient's line moved up.
Owns     `timelines`, one row a document, `alerts`, one an alert: functions of the events it takes and gives.
Promises Order and repetition of events do not matter; a shown state never falls; nobody sees another agency's line.
Fails how Database or broker away: batches wait and are retried in place; questions are answered 503.
Never does judge, route, or believe an agency's clock: times are the hub's, the agency's are shown as claims.
"""
