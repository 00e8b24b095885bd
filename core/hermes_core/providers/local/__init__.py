"""Model files (GGUF) that answer in a process of ours, through llama.cpp."""
