"""Policy: the questions that a handler asks before it accepts a mail, and greylisting's answers.

PolicyHooks       what a hook may return, judged in one place
PolicyQuestion    one question that may take time, and its time limit
PolicyAnswers     what policy has found out for the mail in progress
CompiledSettings  lists of a handler class, compiled once
ClientNetworks    the networks of clients, which are their keys
DerivedValue      what handlers of a class derive from equal settings, once for all of them
Greylist          the decision about one recipient: lists, rules, store
BlockLists        block lists in the DNS, which refuse a client
RecipientDirectory  which recipients the real server knows, remembered
StoreEntries      what administrators allow and deny at run time
Resolver          names and SPF from the DNS
DKIMCheck         whose DKIM signatures prove that a mail is theirs
SuspicionCheck    how suspicious a client is, with the answers of the DNS
BackgroundTask    work that takes seconds, done in a thread
"""

from Kamaelia.Compiled import chooseModules

chooseModules(__path__[0])
