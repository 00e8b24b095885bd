"""What is known of models: windows, prices, names, their sources."""
