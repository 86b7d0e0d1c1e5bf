"""The mapping language: how columns and elements of a resource say the same."""
