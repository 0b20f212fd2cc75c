"""Clean responses in other shapes and files."""
