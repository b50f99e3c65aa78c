"""The interactive map of a run: what it offers, its files, a server and an export of them."""
