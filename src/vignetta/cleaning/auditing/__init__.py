"""Everything that is wrong or odd about an export, told at once."""
