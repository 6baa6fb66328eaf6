"""Signatures in PDFs (ISO 32000-2 §12.8, PAdES EN 319 142): what each covers, what came after it, who made it, when."""
