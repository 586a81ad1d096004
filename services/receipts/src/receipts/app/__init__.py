"""Everything is put together here, by hand. Each process imports and builds only what it needs, after its fork."""
