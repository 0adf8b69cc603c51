"""What learners do: every statement of the five tutorials, and for each a mistake, with what is seen of it."""
