"""From an export and its codebook to typed responses, with every exclusion marked and every raw row accounted for."""
