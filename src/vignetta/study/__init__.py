"""The study as a folder: what is declared in it, its stages and their manifests, its registration."""
