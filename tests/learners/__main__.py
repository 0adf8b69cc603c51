"""``python -m tests.learners``: write the page."""

from tests.learners.table import PAGE, page

PAGE.write_text(page(), "utf-8")
print(PAGE)
