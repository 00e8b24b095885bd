"""Tool calls as text: for models and servers that know no calls of their own."""
