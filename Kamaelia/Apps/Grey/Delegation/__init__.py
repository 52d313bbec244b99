"""The policy service for Postfix: greylisting without SMTP.

DelegatedMail         one mail that Postfix asks about, and the actions for its recipients
PolicyRequestHandler  one connection of Postfix
"""
