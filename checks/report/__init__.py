"""A Report in other forms: plain text, the terminal, JSON. Pure functions of a Report."""
