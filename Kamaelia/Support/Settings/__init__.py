"""The configuration of Kamaelia Grey: sections of settings, read from TOML, checked and written.

SettingRow      one setting: kind, default, meaning
Values          the kinds of values
Sections        the settings of Kamaelia Grey
LimitsSection   those that limit clients
DelegationSections   those of the policy service and the milter
SuspicionSection     those that delay only suspicious mail
Configuration   all sections, read from a TOML text
SectionReader, TomlLines   conversion of tables, with the line of each mistake
ConfigurationWarnings, TLSRules   probably unintended and contradictory settings
HistoricalFile  the historical configuration file
ExampleFile     the commented example, the reference, and a configuration as TOML
"""
