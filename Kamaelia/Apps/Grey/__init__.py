"""Kamaelia Grey: a strict SMTP proxy that asks a policy before it accepts a mail."""
