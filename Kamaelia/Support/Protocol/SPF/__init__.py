"""SPF (RFC 7208) as plain code: records, macros, and the evaluation, which yields DNS questions."""
