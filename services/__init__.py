"""The five services; each decides one thing and knows no other."""
