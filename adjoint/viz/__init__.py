"""See what autograd did: recordings of a program, and how they are shown."""
