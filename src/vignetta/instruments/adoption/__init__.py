"""Any survey made into the codebook of its exports and a draft study."""
