"""Starting several processes of a program, hearing them, and ending them."""
