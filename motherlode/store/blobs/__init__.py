"""The bytes of packages. Start at `base`; `keys` draws the data folder."""
