"""How the program looks: which colours and which persona it wears, and on what terminal."""
