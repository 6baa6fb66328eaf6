"""The simulator: judges the hub from outside, so it shares no code with it.

Takes a seed; gives truly signed packages of the 95 agencies, and what the recipients of each will do.
`plan` decides, `letters` and `pdf` write, `pades` and `package` sign, `factory` runs them in worker processes.
Owns `<state>/authority` (a test authority with random keys) and `<state>/trust` (what the hub is to trust).
Repeats everything but keys and signatures from the seed. Never asks the hub what is right.
"""
