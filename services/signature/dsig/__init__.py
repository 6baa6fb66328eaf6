"""XML signatures by the W3C recommendation: canonical forms, transforms, references, keys, verdicts. All of it pure."""
