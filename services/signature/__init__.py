"""Signature: judges the signatures of every accepted document, and says whether its sender's policy stops it.

Takes: document.received (and the directory). Gives: signature.checked, one per document.
Owns: the verdicts, the evidence each was judged by, and worker processes that read packages under limits of memory,
time and system calls.
Promises: VALID only for exactly the bytes whose digest, signature, chain and sender hold; a verdict once given stays.
Fails how: a package or a trust anchor that is away is waited for; a worker that hangs or dies is replaced, and the
document gets TIMEOUT or VERIFIER_CRASHED; one poisonous document stops nobody else.
Never does: fetch anything a document names, judge by the sender's clock, read a field from bytes that are not signed.
"""
