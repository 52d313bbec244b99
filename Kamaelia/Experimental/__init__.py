"""Components that were experimental in the historical release; their names stay where they were.

Chassis            pipelines, graphlines and carousels with sizes of inboxes
Services           registration and use of the services of the tracker
PythonInterpreter  Python statements as messages
ERParsing          entity-relationship models
"""
