"""A configuration as rows: sections of settings, read from TOML, checked, and written out again.

SettingRow      one setting: kind, default, meaning
Values          the kinds of values
Sections        the settings of Kamaelia Grey
Configuration   all sections, read from a TOML text
SectionReader, TomlLines   reading, with the line of each mistake
Doubts, ServerTLS                    settings that are allowed but hardly meant, or contradict
HistoricalFile  the historical configuration file
ExampleFile     the commented example, the reference, and a configuration as TOML
"""
