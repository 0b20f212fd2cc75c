"""Models fitted by maximum likelihood: binary, count, ordered and unordered outcomes; arrays in, arrays out."""
