"""X.509 as RFC 5280 has it: from a certificate to an anchor, and whether anything on the way was revoked (RFC 6960).

Takes: certificates, anchors, CRLs and OCSP answers as bytes, a moment. Gives: a standing with its reason.
Owns: nothing. Promises: an answer in bounded time; nothing is fetched; what is missing never hides what is wrong.
Fails how: what cannot be read is a fact (MALFORMED, an unusable list), never an exception.
Never does: signatures of documents, sockets, clocks.
"""
