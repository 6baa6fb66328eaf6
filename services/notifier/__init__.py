"""notifier: warns an agency's registered contacts when a document was not fetched in time.

Takes     delivery.planned, delivery.taken, delivery.settled; the directory's contacts.
Gives     alert.raised before anything leaves the hub, alert.sent with what became of it.
Owns      watches and alerts (projections); attempts and custody (intents, not projections); no HTTP door but metrics.
Promises  one alert per (document, recipient, level, channel): a mail repeats under its Message-ID only, an SMS never.
Fails     gateway away, mail in doubt: tried for a while, then `failed` or `unknown`; SMS in doubt: `unknown` at once.
Never     sends text of a document beyond number, subject, sender and time; lets one channel wait for the other.
"""
