"""Parity: every entry of PyTorch's operator database, every aspect of it, in every dtype, with both libraries.

``make parity`` runs all of it and writes ``docs/parity.md`` and ``docs/parity.json``; ``python -m fuzz.parity NAME`` prints what
differs of one entry.

| file | what it is |
|---|---|
| `case.py` | one sample in both libraries, called, and how errors are compared |
| `results.py` | results, by function, alias and method |
| `derivatives.py` | gradients, their gradients, forward mode |
| `batches.py` | vmap |
| `writing.py` | ``out=``, and in place |
| `aspects.py` | all of these by name, and one entry's marks |
| `marks.py` | what the marks mean, and the file of them |
| `sweep.py` | the processes that run the entries |
| `page.py` | the page |
"""
