"""notifier: warns an agency's registered contacts when a document was not fetched in time.

Takes     delivery.planned, delivery.taken, delivery.settled; the directory's contacts.
Gives     alert.raised before anything leaves the hub, alert.sent with what became of it.
Owns      watches and alerts (projections); attempts and custody (intents, not projections); no HTTP door but metrics.
Promises  at most one alert per (document, recipient, level, channel), whatever crashes; an attempt row precedes it.
Fails     gateway away: tried again for a while, then `failed`; no definite answer: `unknown`, never sent again.
Never     sends text of a document beyond number, subject, sender and time; lets one channel wait for the other.
"""
