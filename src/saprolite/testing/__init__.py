"""Files in the published layout of each product, made from the demo planet. Not data."""
