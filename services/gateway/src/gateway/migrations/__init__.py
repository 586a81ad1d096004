"""Tables of the gateway; SHARED names the tables of libs/common they stand beside."""

SHARED: tuple[str, ...] = ()
