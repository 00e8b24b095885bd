"""Leaving the program: asking first, what is kept, what is printed afterwards."""
