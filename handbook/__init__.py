"""How the documentation's site is made: code blocks that are run, pages made of tables, plots and formulas.

``make docs`` has mkdocs build the pages of ``docs/`` into ``build/site``, with :mod:`handbook.hooks` in between.
``python -m handbook docs/index.md --write`` runs the code of some pages and puts what it printed into them.
"""
