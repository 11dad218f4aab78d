"""The bytes of packages. Start at `protocol`; `store.data_folder` shows where the files are."""
