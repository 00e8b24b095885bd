"""Wire formats: requests and streams of each protocol."""
