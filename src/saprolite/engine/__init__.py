"""The gridded run: blocks, stores, ledger."""
