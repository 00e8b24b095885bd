"""Several keys of one provider: where they are kept, which one is used, when one rests."""
