"""The soil pit: layers, their chemistry, its steady state, and critical loads."""
