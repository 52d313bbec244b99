PRAGMA application_id = 1262973561;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "counter" VALUES('recipients/accepted/passed before',3);
INSERT INTO "counter" VALUES('sessions',12);
CREATE TABLE entry (
    verdict TEXT NOT NULL, kind TEXT NOT NULL, what TEXT NOT NULL, note TEXT NOT NULL, until REAL,
    PRIMARY KEY (kind, what)) WITHOUT ROWID;
INSERT INTO "entry" VALUES('deny','client','203.0.113.0/24','',4001000000.0);
INSERT INTO "entry" VALUES('allow','sender','friend@example.com','a friend',NULL);
CREATE TABLE regular (
    client TEXT PRIMARY KEY NOT NULL, passes INTEGER NOT NULL, last REAL NOT NULL) WITHOUT ROWID;
INSERT INTO "regular" VALUES('192.0.2.0/24',6,4000000300.0);
INSERT INTO "regular" VALUES('198.51.100.0/24',3,4000000400.0);
CREATE TABLE triple (
    client TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
    seen REAL NOT NULL, passed REAL, passes INTEGER NOT NULL,
    PRIMARY KEY (client, sender, recipient)) WITHOUT ROWID;
INSERT INTO "triple" VALUES('192.0.2.0/24','"a b"@example.com','"c\d"@example.org',4000000000.0,4000000300.0,1);
INSERT INTO "triple" VALUES('192.0.2.0/24','"ann"@example.com','bob@example.org',4000000000.0,4000000300.0,1);
INSERT INTO "triple" VALUES('192.0.2.0/24','<>','postmaster',4000000000.0,4000000300.0,1);
INSERT INTO "triple" VALUES('192.0.2.0/24','ann@example.com','bob@example.org',4000000000.0,4000000300.0,1);
INSERT INTO "triple" VALUES('192.0.2.0/24','new@example.com','"bob"@example.org',4000000000.0,NULL,0);
INSERT INTO "triple" VALUES('192.0.2.0/24','u@bücher.example','bob@example.org',4000000000.0,4000000300.0,1);
INSERT INTO "triple" VALUES('192.0.2.0/24','u@example.com','bob@[ipv6:2001:db8:0::1]',4000000000.0,4000000300.0,1);
INSERT INTO "triple" VALUES('198.51.100.0/24','s0@example.com','bob@example.org',4000000000.0,4000000400.0,1);
INSERT INTO "triple" VALUES('198.51.100.0/24','s1@example.com','bob@example.org',4000000000.0,4000000400.0,1);
INSERT INTO "triple" VALUES('198.51.100.0/24','s2@example.com','bob@example.org',4000000000.0,4000000400.0,1);
CREATE TABLE version (entries INTEGER NOT NULL);
INSERT INTO "version" VALUES(2);
COMMIT;
