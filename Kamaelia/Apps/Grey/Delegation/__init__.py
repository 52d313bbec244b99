"""Greylisting for a mail server that speaks SMTP itself: a policy service and a milter.

PolicyService         what all connections share
DelegatedMail         one mail that the mail server asks about, and the actions for its recipients
DelegationHandler     one connection of the mail server, without its protocol
PolicyRequestHandler  Postfix's policy delegation protocol
MilterHandler         the milter protocol of sendmail and Postfix
"""
