"""One file per published product; each reader knows its product's quirks."""
