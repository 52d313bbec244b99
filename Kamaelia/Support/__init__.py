"""Plain code below the components, without Axon, sockets, threads or a clock.

General:
Domains        the form in which domains are compared
Networks       IP addresses and networks, and a fast search for the network of an address
Counts         numbers with the noun that they count
PrintableText  text with control characters escaped
ProgramLog     log messages on standard error, for programs without logging
Mistakes       the mistakes in a text, with their lines
Secrets        text without the credentials of URLs
Failover       the order in which several servers are tried
Restarts       when something that has ended is started again
CharacterFIFO  bytes or text, of which any number can be taken
LineBuffer     lines in a stream that arrives in pieces
Interpreter    Python statements that arrive line by line
Tokens         the words of a line, of which some may be in quotes
Fortunes       sayings
Deprecate      warnings about deprecated names
Tk             widgets of Tk: a list and a menu that scroll
Particles      particles with forces and bonds, for the layout of graphs

Packages, each built on those before it:
Data           headers, requests, XML, escapes, fractions: data structures and their parsers
Drawing        pictures of components and systems, as SVG and other text
Media          formats of sound and video
Protocol       protocols on bytes: SMTP, LMTP, SPF, HTTP, IRC, DNS names, PROXY headers
Links          the rules of links between processes: which message is done, what is sent again
Sphinx         an extension of Sphinx: a page about each component
Greylist       rules, keys and lists of greylisting
Settings       the configuration of Kamaelia Grey
"""

from Kamaelia.Compiled import chooseModules

chooseModules(__path__[0])
