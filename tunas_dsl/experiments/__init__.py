"""The paper's experiments as data, TOML files in this folder, and what runs and tabulates them."""
