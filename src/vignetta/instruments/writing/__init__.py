"""From a design to a survey, part by part; what is decided is explained, and texts are said in several languages."""
