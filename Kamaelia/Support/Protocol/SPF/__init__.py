"""The Sender Policy Framework (RFC 7208) as plain code.

Evaluation   the result for a client and a sender
Record       the syntax of a policy
Macro        the macros in a policy
"""
