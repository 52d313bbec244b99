"""System: what a server needs from the operating system and from TLS. The lowest package.

FileAccess           regular files: permissions and safe reads
FileReplacement      a file that is replaced as a whole
Privileges           change to an unprivileged user
Certificates         a certificate of this server: loading and warnings
ServerCertificates   all certificates of this server, selected by the name that a client asks for
TLSContext           the SSLContext for connections to the real server
"""
