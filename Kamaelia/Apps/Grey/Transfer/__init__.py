"""Records that come from other greylisting programs or from a backup.

Backup    writes all records of a store as lines of JSON, and reads them
Postgrey  reads the databases of postgrey
Sqlgrey   reads the SQLite database of sqlgrey
Tally     the numbers of records that were read and that were damaged
"""
