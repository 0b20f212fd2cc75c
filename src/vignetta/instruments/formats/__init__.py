"""The instrument in formats besides Qualtrics' own."""
