"""The records of mails and refusals: log lines, JSON and counters.

MailNotes      the verdicts about a mail's recipients; refusals and mails are recorded from them
RefusalRecord  one refusal, written to log, JSON and counters
MailLog        the text of the lines
PostfixLog     the text of the lines in the words of Postfix
LogFiles       the files to which lines are appended
"""

from Kamaelia.Compiled import chooseModules

chooseModules(__path__[0])
