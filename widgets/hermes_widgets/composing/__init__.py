"""Where the person types: the field, its menu, its earlier inputs."""
