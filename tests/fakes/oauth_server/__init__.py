"""An authorization server on a real socket."""
