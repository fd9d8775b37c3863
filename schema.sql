-- Vitrine's database: the whole schema as it is now. The text of this file is built into the programs
-- (src/store/schema.c); a new database gets it in one transaction, an older one is brought here by
-- the numbered steps of src/store/migrate.c, and a test compares both ways.
--
-- Conventions: times are whole seconds UTC, named *_at; sizes are bytes; ids are integers. Tables are
-- STRICT. A fact that code relies on is a CHECK, a reference is a foreign key. An index stands here only
-- with the statement (src/store/statements.def) that needs it.

PRAGMA application_id = 1449751666; -- "Vitr": file(1) and `vitrine migrate` know whose file this is
PRAGMA user_version = 1;            -- the number of the last migration step; see src/store/migrate.c

-- People who can sign in. Never deleted, only disabled: images and the audit trail refer to them.
CREATE TABLE users (
    id                  INTEGER PRIMARY KEY,
    email               TEXT    NOT NULL COLLATE NOCASE UNIQUE -- finds by USER_FIND_BY_EMAIL
                                CHECK (length(email) BETWEEN 3 AND 254),
    name                TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 100), -- what others see
    role                TEXT    NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
    password_hash       TEXT    NOT NULL, -- argon2id in its own text form: parameters, salt and hash
    password_changed_at INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    disabled_at         INTEGER,          -- NULL: may sign in
    last_sign_in_at     INTEGER           -- NULL: never
) STRICT;

-- Signed-in browsers. The token itself is only in the browser's cookie.
CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT, -- in the addresses that revoke: never used twice
    token_hash   TEXT    NOT NULL UNIQUE CHECK (length(token_hash) = 64), -- hex SHA-256; SESSION_FIND
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL, -- the nearer of idle and absolute end, moved with last_seen_at
    address      TEXT    NOT NULL, -- of the browser when it signed in
    user_agent   TEXT    NOT NULL CHECK (length(user_agent) <= 255)
) STRICT;

CREATE INDEX sessions_of_user ON sessions (user_id);    -- SESSION_LIST, SESSION_DELETE_OTHERS
CREATE INDEX sessions_expiring ON sessions (expires_at); -- SESSION_PRUNE

-- Programs that signed in by POST /auth/signin: what stands behind a JWT (its claim sid) and its refresh
-- tokens. No row, no access: signing out, a new password or role, and disabling delete it.
CREATE TABLE logins (
    id         INTEGER PRIMARY KEY AUTOINCREMENT, -- the sid: never used twice. LOGIN_FIND
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    scopes     TEXT    NOT NULL, -- "read upload": what was asked for; src/domain/scope.h
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, -- refreshing does not move it
    address    TEXT    NOT NULL  -- of the client when it signed in
) STRICT;

CREATE INDEX logins_of_user ON logins (user_id);     -- LOGIN_DELETE_OF_USER
CREATE INDEX logins_expiring ON logins (expires_at); -- LOGIN_PRUNE

-- Each refresh token works once. Used ones stay as long as their login: one that comes back was stolen,
-- from the client or by it.
CREATE TABLE refresh_tokens (
    token_hash TEXT    PRIMARY KEY CHECK (length(token_hash) = 64), -- hex SHA-256; REFRESH_TOKEN_FIND
    login_id   INTEGER NOT NULL REFERENCES logins (id) ON DELETE CASCADE,
    used_at    INTEGER -- NULL: works
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_tokens_of_login ON refresh_tokens (login_id); -- the foreign key to logins

-- Bearer tokens for programs, made on the command line. A token acts as its user.
CREATE TABLE api_tokens (
    id           INTEGER PRIMARY KEY,
    token_hash   TEXT    NOT NULL UNIQUE CHECK (length(token_hash) = 64), -- hex SHA-256; API_TOKEN_FIND
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 100), -- what it is for
    scopes       TEXT    NOT NULL, -- "read upload delete": src/domain/scope.h
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,          -- NULL: never
    last_used_at INTEGER,          -- NULL: never; to the minute
    revoked_at   INTEGER           -- NULL: works
) STRICT;

CREATE INDEX api_tokens_of_user ON api_tokens (user_id, id); -- API_TOKEN_LIST

-- Images, from the moment their key is reserved until storage confirmed that the object is gone. The
-- checks say "= or =": for IN, SQLite builds a table in memory at each insert, three would be a third of
-- what a grant costs.
CREATE TABLE assets (
    id               INTEGER PRIMARY KEY AUTOINCREMENT, -- /i/ID is permanent: never used twice
    owner_id         INTEGER NOT NULL REFERENCES users (id),
    key              TEXT    NOT NULL UNIQUE, -- the object's key; ASSET_FIND_BY_KEY
    state            TEXT    NOT NULL CHECK (
                            state = 'pending'     -- reserved, a URL is out, the object may or may not be there
                         OR state = 'stored'      -- seen in storage, not yet looked into  (not used yet)
                         OR state = 'ready'       -- verified; the only state that people see
                         OR state = 'quarantined' -- its content is not what it says       (not used yet)
                         OR state = 'trashed'     -- hidden from people, and can be restored until TRASH_DAYS later
                         OR state = 'expired'     -- granted and never uploaded            (not used yet)
                         OR state = 'purging'),   -- tombstone: gone for people, the object still to be deleted
    filename         TEXT    NOT NULL CHECK (length(filename) BETWEEN 1 AND 255), -- display only
    content_type     TEXT    NOT NULL, -- as granted and verified
    granted_size     INTEGER CHECK (granted_size > 0), -- NULL: the grant bound no length
    size_bytes       INTEGER CHECK (size_bytes >= 0),  -- what storage says; NULL until then
    sha256           TEXT    CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'), -- NULL: unknown
    claimed_sha256   TEXT    CHECK (length(claimed_sha256) = 64), -- as the client said with the grant: finds
                             -- duplicates where storage proves no SHA-256. NULL: nothing said, or overwritten since
    etag             TEXT    NOT NULL DEFAULT '', -- as storage gives it, without quotes
    checksum         TEXT    NOT NULL DEFAULT '', -- of an upload in parts: "base64-N", the SHA-256 of the
                              -- SHA-256s of its N parts, as storage shows it; else empty
    width            INTEGER CHECK (width > 0),   -- pixels as displayed; NULL: unknown
    height           INTEGER CHECK (height > 0),
    title            TEXT    NOT NULL DEFAULT '',
    alt              TEXT    NOT NULL DEFAULT '', -- the text alternative
    is_decorative    INTEGER NOT NULL DEFAULT 0 CHECK (is_decorative IN (0, 1)), -- an empty alt is meant
    tag_list         TEXT    NOT NULL DEFAULT '', -- the names of asset_tags, sorted, one a line: so that
                                                  -- a page of images is one statement, and for search
    version          INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1), -- one more with each edit
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    grant_expires_at INTEGER, -- when the presigned PUT dies: until a while later a tombstone stays
    absent_seen_at   INTEGER, -- pending: when a sweep first saw that there is no object
    stored_at        INTEGER, -- when storage got the bytes (its Last-Modified); NULL until then
    reserved_size    INTEGER NOT NULL DEFAULT 0 CHECK (reserved_size >= 0), -- bytes of the owner's quota that
                              -- it holds while it is pending: granted_size, else the most that may come
    is_open          INTEGER NOT NULL DEFAULT 0 CHECK (is_open IN (0, 1)), -- pending: no commit
                              -- call will come, adopted when looked for; else: can be overwritten yet
    trashed_at       INTEGER, -- when it was moved to the trash; NULL: it is not there
    flag             TEXT    NOT NULL DEFAULT '' CHECK ( -- what is wrong with its object, seen twice
                            flag = ''         -- nothing
                         OR flag = 'gone'     -- there is none
                         OR flag = 'changed'), -- it is not what was verified
    flag_at          INTEGER, -- since when; NULL: nothing is wrong
    CHECK ((flag = '') = (flag_at IS NULL)),
    CHECK ((width IS NULL) = (height IS NULL)),
    CHECK (state <> 'ready' OR size_bytes IS NOT NULL),
    CHECK (state <> 'pending' OR grant_expires_at IS NOT NULL),
    CHECK (state <> 'trashed' OR size_bytes IS NOT NULL),
    CHECK ((state = 'trashed') = (trashed_at IS NOT NULL)),
    CHECK (is_open = 0 OR state = 'pending' OR state = 'ready' OR state = 'trashed'),
    CHECK (is_open = 0 OR grant_expires_at IS NOT NULL)
) STRICT;

CREATE INDEX assets_ready ON assets (id) WHERE state = 'ready';                 -- ASSET_LIST_ALL_*
CREATE INDEX assets_of_owner ON assets (owner_id, id) WHERE state = 'ready';    -- ASSET_LIST_OWNER_*
CREATE INDEX assets_pending ON assets (grant_expires_at) WHERE state = 'pending'; -- ASSET_LIST_LAPSED
CREATE INDEX assets_keys ON assets (owner_id, key) WHERE state = 'ready';       -- ASSET_LIST_KEYS_OWNER
CREATE INDEX assets_open_keys ON assets (key) WHERE is_open = 1;                -- ASSET_LIST_OPEN_ALL
CREATE INDEX assets_open ON assets (owner_id, key) WHERE is_open = 1;           -- ASSET_LIST_OPEN_OWNER
CREATE INDEX assets_unsettled ON assets (grant_expires_at) WHERE state = 'ready' AND is_open = 1; -- ASSET_LIST_UNSETTLED
CREATE INDEX assets_same ON assets (owner_id, coalesce(sha256, claimed_sha256), state, id)
    WHERE state IN ('ready', 'trashed');                                        -- ASSET_FIND_SAME, ASSET_FIND_TWIN
CREATE INDEX assets_same_parts ON assets (owner_id, checksum, state, id)
    WHERE state IN ('ready', 'trashed') AND checksum <> '';                     -- ASSET_FIND_TWIN_IN_PARTS
CREATE INDEX assets_purging ON assets (id) WHERE state = 'purging';             -- ASSET_LIST_PURGING
CREATE INDEX assets_trashed ON assets (trashed_at, id) WHERE state = 'trashed'; -- ASSET_LIST_TRASHED_ALL, ..._DUE
CREATE INDEX assets_trashed_of_owner ON assets (owner_id, trashed_at, id) WHERE state = 'trashed'; -- ..._OWNER
-- What came through API 004 and nobody has put a word to: ASSET_LIST_TEMPORARY, for FILE_CLEANUP_DAYS.
CREATE INDEX assets_temporary ON assets (created_at, id)
WHERE state = 'ready' AND version = 1 AND key GLOB 'uploads/[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]/*';
CREATE INDEX assets_flagged ON assets (id) WHERE flag <> '';                    -- ASSET_LIST_PROBLEM_*

-- Walks along the bucket beside the rows, in the order of keys: src/domain/reconcile.h. The last one
-- is under way while finished_at is NULL; whoever goes on with it begins where after_key says.
CREATE TABLE reconcile_passes (
    id           INTEGER PRIMARY KEY AUTOINCREMENT, -- RECONCILE_LAST
    bucket       TEXT    NOT NULL, -- "https://s3.example.org/images": another one is another pass
    stage        TEXT    NOT NULL CHECK (stage IN (
                     'walk',     -- comparing; what differs is only noted
                     'confirm',  -- asking again about each difference, and flagging
                     'remove',   -- deleting unknown objects, where the settings say so
                     'done',
                     'stopped')), -- too much was missing: nothing was concluded
    after_key    TEXT    NOT NULL DEFAULT '', -- everything up to this key is dealt with in this stage
    started_at   INTEGER NOT NULL,
    changed_at   INTEGER NOT NULL,
    finished_at  INTEGER, -- NULL: under way
    row_count     INTEGER NOT NULL DEFAULT 0, -- rows that were compared, in any state
    object_count  INTEGER NOT NULL DEFAULT 0, -- objects whose keys look like ours
    foreign_count INTEGER NOT NULL DEFAULT 0, -- objects under our prefixes whose keys do not
    unknown_count INTEGER NOT NULL DEFAULT 0, -- objects without a row
    gone_count    INTEGER NOT NULL DEFAULT 0, -- images flagged "gone" in this pass; in 'walk': suspects
    changed_count INTEGER NOT NULL DEFAULT 0, -- images flagged "changed"; in 'walk': suspects
    cleared_count INTEGER NOT NULL DEFAULT 0, -- flags taken back
    removed_count INTEGER NOT NULL DEFAULT 0  -- unknown objects deleted
) STRICT;

-- What a pass found different and has not asked again about.
CREATE TABLE reconcile_suspects (
    key      TEXT    PRIMARY KEY, -- RECONCILE_LIST_SUSPECTS
    asset_id INTEGER NOT NULL,
    is_gone  INTEGER NOT NULL CHECK (is_gone IN (0, 1)) -- else changed
) STRICT, WITHOUT ROWID;

-- Objects with keys like ours that no row knows.
CREATE TABLE unknown_objects (
    key              TEXT    PRIMARY KEY, -- UNKNOWN_LIST
    etag             TEXT    NOT NULL,
    size_bytes       INTEGER NOT NULL,
    last_modified_at INTEGER NOT NULL,
    first_seen_at    INTEGER NOT NULL, -- with that etag
    last_seen_at     INTEGER NOT NULL,
    sightings        INTEGER NOT NULL DEFAULT 1, -- passes that saw it so
    pass_id          INTEGER NOT NULL, -- the last of them
    removing_at      INTEGER -- its deletion was decided: until it is over, no row may take the key
) STRICT, WITHOUT ROWID;

CREATE TRIGGER assets_not_being_removed BEFORE INSERT ON assets
WHEN EXISTS (SELECT 1 FROM unknown_objects WHERE key = new.key AND removing_at IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'the object of this key is being removed');
END;

-- Uploads in parts: our own record of every upload id that we asked storage for, so that none is ever
-- unknown. No foreign key: a record outlives its asset until storage confirmed that the parts are gone.
CREATE TABLE multiparts (
    asset_id   INTEGER PRIMARY KEY, -- MULTIPART_FIND
    owner_id   INTEGER NOT NULL REFERENCES users (id),
    key        TEXT    NOT NULL,            -- the object's
    upload_id  TEXT    NOT NULL DEFAULT '', -- storage's name for it; '': asked for, the answer not recorded
    state      TEXT    NOT NULL DEFAULT 'open' CHECK (state IN (
                   'open',      -- parts may come; its asset is pending
                   'completed', -- its asset was seen whole
                   'aborting',  -- not wanted any more; storage may still hold parts
                   'aborted')), -- storage confirmed that it holds none
    part_size  INTEGER NOT NULL CHECK (part_size > 0), -- of every part but the last
    part_count INTEGER NOT NULL CHECK (part_count BETWEEN 1 AND 10000),
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX multiparts_open ON multiparts (owner_id, asset_id) WHERE state = 'open'; -- MULTIPART_LIST_OPEN
CREATE INDEX multiparts_aborting ON multiparts (asset_id) WHERE state = 'aborting';   -- MULTIPART_LIST_ABORTING
CREATE INDEX multiparts_keys ON multiparts (key);                                     -- MULTIPART_FIND_BY_KEY

-- What becomes of an asset becomes of its upload, whoever decides it.
CREATE TRIGGER multiparts_on_end AFTER UPDATE OF state ON assets
WHEN old.state = 'pending' AND new.state <> 'pending'
BEGIN
    UPDATE multiparts
    SET state = CASE new.state WHEN 'purging' THEN 'aborting' ELSE 'completed' END
    WHERE asset_id = new.id AND state = 'open';
END;

CREATE TRIGGER multiparts_on_delete AFTER DELETE ON assets
BEGIN
    UPDATE multiparts SET state = 'aborting' WHERE asset_id = old.id AND state = 'open';
    DELETE FROM multiparts WHERE asset_id = old.id AND state IN ('completed', 'aborted');
END;

-- Words that people put on images. A tag without images may stay.
CREATE TABLE tags (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL COLLATE NOCASE UNIQUE CHECK (length(name) BETWEEN 1 AND 50)
) STRICT;

CREATE TABLE asset_tags (
    asset_id INTEGER NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    tag_id   INTEGER NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    PRIMARY KEY (asset_id, tag_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX asset_tags_of_tag ON asset_tags (tag_id, asset_id); -- the foreign key to tags

-- How much an account may store, where that is not what the settings say.
CREATE TABLE quotas (
    owner_id  INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    max_bytes INTEGER NOT NULL CHECK (max_bytes >= 0), -- 0: any number
    max_files INTEGER NOT NULL CHECK (max_files >= 0)  -- 0: any number
) STRICT;

-- How many images an owner has, and their bytes: so that the grid's count and a quota cost one row
-- instead of a walk over a million. Kept by the triggers below.
CREATE TABLE usage (
    owner_id       INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    asset_count    INTEGER NOT NULL DEFAULT 0 CHECK (asset_count >= 0), -- ready
    size_bytes     INTEGER NOT NULL DEFAULT 0 CHECK (size_bytes >= 0),  -- of these
    pending_count  INTEGER NOT NULL DEFAULT 0 CHECK (pending_count >= 0),
    reserved_bytes INTEGER NOT NULL DEFAULT 0 CHECK (reserved_bytes >= 0), -- for the pending
    trashed_count  INTEGER NOT NULL DEFAULT 0 CHECK (trashed_count >= 0), -- in the trash
    trashed_bytes  INTEGER NOT NULL DEFAULT 0 CHECK (trashed_bytes >= 0)  -- of these
) STRICT;

CREATE TRIGGER usage_on_reserve AFTER INSERT ON assets WHEN new.state = 'pending'
BEGIN
    INSERT INTO usage (owner_id, pending_count, reserved_bytes)
    VALUES (new.owner_id, 1, new.reserved_size)
    ON CONFLICT (owner_id) DO UPDATE SET
        pending_count = pending_count + 1,
        reserved_bytes = reserved_bytes + excluded.reserved_bytes;
END;

CREATE TRIGGER usage_on_release AFTER UPDATE OF state ON assets WHEN old.state = 'pending' AND new.state <> 'pending'
BEGIN
    UPDATE usage
    SET pending_count = pending_count - 1, reserved_bytes = reserved_bytes - old.reserved_size
    WHERE owner_id = old.owner_id;
END;

CREATE TRIGGER usage_on_expire AFTER DELETE ON assets WHEN old.state = 'pending'
BEGIN
    UPDATE usage
    SET pending_count = pending_count - 1, reserved_bytes = reserved_bytes - old.reserved_size
    WHERE owner_id = old.owner_id;
END;

CREATE TRIGGER usage_on_insert AFTER INSERT ON assets WHEN new.state = 'ready'
BEGIN
    INSERT INTO usage (owner_id, asset_count, size_bytes) VALUES (new.owner_id, 1, new.size_bytes)
    ON CONFLICT (owner_id) DO UPDATE SET
        asset_count = asset_count + 1,
        size_bytes = size_bytes + excluded.size_bytes;
END;

CREATE TRIGGER usage_on_show AFTER UPDATE OF state ON assets WHEN new.state = 'ready' AND old.state <> 'ready'
BEGIN
    INSERT INTO usage (owner_id, asset_count, size_bytes) VALUES (new.owner_id, 1, new.size_bytes)
    ON CONFLICT (owner_id) DO UPDATE SET
        asset_count = asset_count + 1,
        size_bytes = size_bytes + excluded.size_bytes;
END;

-- An open image was overwritten.
CREATE TRIGGER usage_on_resize AFTER UPDATE OF size_bytes ON assets
WHEN old.state = 'ready' AND new.state = 'ready' AND old.size_bytes <> new.size_bytes
BEGIN
    UPDATE usage
    SET size_bytes = size_bytes + new.size_bytes - old.size_bytes
    WHERE owner_id = new.owner_id;
END;

CREATE TRIGGER usage_on_hide AFTER UPDATE OF state ON assets WHEN old.state = 'ready' AND new.state <> 'ready'
BEGIN
    UPDATE usage
    SET asset_count = asset_count - 1, size_bytes = size_bytes - old.size_bytes
    WHERE owner_id = old.owner_id;
END;

CREATE TRIGGER usage_on_delete AFTER DELETE ON assets WHEN old.state = 'ready'
BEGIN
    UPDATE usage
    SET asset_count = asset_count - 1, size_bytes = size_bytes - old.size_bytes
    WHERE owner_id = old.owner_id;
END;

-- What is in the trash counts for the quota as before, but not among what people see.
CREATE TRIGGER usage_on_trash AFTER UPDATE OF state ON assets WHEN new.state = 'trashed' AND old.state <> 'trashed'
BEGIN
    INSERT INTO usage (owner_id, trashed_count, trashed_bytes) VALUES (new.owner_id, 1, new.size_bytes)
    ON CONFLICT (owner_id) DO UPDATE SET
        trashed_count = trashed_count + 1,
        trashed_bytes = trashed_bytes + excluded.trashed_bytes;
END;

CREATE TRIGGER usage_on_untrash AFTER UPDATE OF state ON assets WHEN old.state = 'trashed' AND new.state <> 'trashed'
BEGIN
    UPDATE usage
    SET trashed_count = trashed_count - 1, trashed_bytes = trashed_bytes - old.size_bytes
    WHERE owner_id = old.owner_id;
END;

CREATE TRIGGER usage_on_delete_trashed AFTER DELETE ON assets WHEN old.state = 'trashed'
BEGIN
    UPDATE usage
    SET trashed_count = trashed_count - 1, trashed_bytes = trashed_bytes - old.size_bytes
    WHERE owner_id = old.owner_id;
END;

-- Full-text index over what people see of ready images; the text itself stays in assets. Words are
-- folded to lower case without accents. Every search is for beginnings of words (ASSET_SEARCH_*): the
-- prefix indexes make one of up to eight letters a walk along a sorted list that stops at LIMIT, where
-- SQLite would else first merge the lists of all words that begin so (0.15 ms against 120 ms for a
-- word that is on each of a million images; for twice the index). Nothing is ranked, so no sizes of
-- columns are kept.
CREATE VIRTUAL TABLE asset_search USING fts5 (
    title, alt, filename, tag_list,
    content = 'assets',
    content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2',
    prefix = '1 2 3 4 5 6 7 8',
    columnsize = 0
);

CREATE TRIGGER search_on_insert AFTER INSERT ON assets WHEN new.state = 'ready'
BEGIN
    INSERT INTO asset_search (rowid, title, alt, filename, tag_list)
    VALUES (new.id, new.title, new.alt, new.filename, new.tag_list);
END;

CREATE TRIGGER search_on_hide AFTER UPDATE OF state, title, alt, filename, tag_list ON assets
WHEN old.state = 'ready'
BEGIN
    INSERT INTO asset_search (asset_search, rowid, title, alt, filename, tag_list)
    VALUES ('delete', old.id, old.title, old.alt, old.filename, old.tag_list);
    INSERT INTO asset_search (rowid, title, alt, filename, tag_list)
    SELECT new.id, new.title, new.alt, new.filename, new.tag_list WHERE new.state = 'ready';
END;

CREATE TRIGGER search_on_show AFTER UPDATE OF state, title, alt, filename, tag_list ON assets
WHEN old.state <> 'ready' AND new.state = 'ready'
BEGIN
    INSERT INTO asset_search (rowid, title, alt, filename, tag_list)
    VALUES (new.id, new.title, new.alt, new.filename, new.tag_list);
END;

CREATE TRIGGER search_on_delete AFTER DELETE ON assets WHEN old.state = 'ready'
BEGIN
    INSERT INTO asset_search (asset_search, rowid, title, alt, filename, tag_list)
    VALUES ('delete', old.id, old.title, old.alt, old.filename, old.tag_list);
END;

-- Who did what, when. Written in the transaction that does it; never changed.
CREATE TABLE audit (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    actor_id INTEGER REFERENCES users (id), -- NULL: the system, or nobody known (a failed sign-in)
    address  TEXT    NOT NULL,              -- the client's; empty for the command line
    action   TEXT    NOT NULL,              -- "asset.commit": src/domain/audit.h lists them
    asset_id INTEGER,                       -- no foreign key: the trail outlives the image
    user_id  INTEGER REFERENCES users (id), -- the account it was done to
    detail   TEXT    NOT NULL DEFAULT '{}' CHECK (substr(detail, 1, 1) = '{') -- JSON; json_valid() is
                                              -- not for readers that distrust the schema (SQLite 3.40)
) STRICT;

-- The flight record: what uploads went through between browser, us and storage, for whoever asks why
-- one failed (src/domain/flight.h). No foreign keys: it outlives the image, and is pruned by age.
CREATE TABLE flights (
    asset_id      INTEGER PRIMARY KEY, -- ids of assets are never used twice
    owner_id      INTEGER NOT NULL,
    key           TEXT    NOT NULL,    -- this and the next: as they were when it began
    filename      TEXT    NOT NULL,
    begun_at      INTEGER NOT NULL,    -- when the key was granted
    last_at       INTEGER NOT NULL,    -- of the newest attempt
    attempt_count INTEGER NOT NULL CHECK (attempt_count >= 1), -- ever noted; the newest are kept
    failure_count INTEGER NOT NULL CHECK (failure_count >= 0)  -- of these
) STRICT;

CREATE INDEX flights_by_age ON flights (last_at);                              -- FLIGHT_PRUNE
CREATE INDEX flights_failed ON flights (last_at, asset_id) WHERE failure_count > 0; -- FLIGHT_LIST

CREATE TABLE attempts (
    asset_id    INTEGER NOT NULL REFERENCES flights (asset_id) ON DELETE CASCADE,
    number      INTEGER NOT NULL, -- counted from 1 for each upload; ATTEMPT_LIST
    at          INTEGER NOT NULL,
    seen_by     TEXT    NOT NULL CHECK (seen_by IN ('server', 'client')),
    stage       TEXT    NOT NULL CHECK (length(stage) BETWEEN 1 AND 20),
    http_status INTEGER NOT NULL CHECK (http_status BETWEEN 0 AND 999), -- 0: there was no answer
    error       TEXT    NOT NULL CHECK (length(error) <= 100),      -- S3's code, ours, or words; empty: none
    request_id  TEXT    NOT NULL CHECK (length(request_id) <= 128), -- x-amz-request-id
    id2         TEXT    NOT NULL CHECK (length(id2) <= 128),        -- x-amz-id-2
    size_bytes  INTEGER CHECK (size_bytes >= 0), -- sent or found; NULL: not known
    duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
    tries       INTEGER NOT NULL CHECK (tries >= 1), -- requests of which this was the last
    PRIMARY KEY (asset_id, number)
) STRICT, WITHOUT ROWID;

-- Failed sign-ins, by a hash of the e-mail address or by client address.
CREATE TABLE throttle (
    key           TEXT    PRIMARY KEY, -- "account:" + SHA-256, "address:" + client address
    failures      INTEGER NOT NULL CHECK (failures >= 0),
    last_at       INTEGER NOT NULL,    -- of the last attempt; the count lapses a window later
    blocked_until INTEGER NOT NULL     -- 0: not blocked
) STRICT, WITHOUT ROWID;

CREATE INDEX throttle_stale ON throttle (last_at); -- THROTTLE_PRUNE

-- Work for vitrine-worker (src/domain/job.h). What is done is gone from here; of the kinds that come
-- again and again there is one row each, which is planned anew.
CREATE TABLE jobs (
    id           INTEGER PRIMARY KEY AUTOINCREMENT, -- in addresses and commands: never used twice
    kind         TEXT    NOT NULL CHECK (kind <> ''),   -- src/domain/job_kinds.c lists them
    unique_key   TEXT    NOT NULL DEFAULT '',  -- what it is about: there is one row of a kind and key
    payload      TEXT    NOT NULL DEFAULT '{}' CHECK (substr(payload, 1, 1) = '{'), -- JSON
    state        TEXT    NOT NULL CHECK (state IN (
                     'queued',  -- runs when it is due
                     'running', -- a worker has it
                     'dead')),  -- failed too often: waits for a person
    attempts     INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0), -- begun since it was last done
    max_attempts INTEGER NOT NULL CHECK (max_attempts >= 1),
    due_at       INTEGER NOT NULL, -- queued: not before that; running: the end of the lease, when it
                                   -- is anyone's again. JOB_CLAIM
    again_at     INTEGER,          -- running: added meanwhile, so that it is due then once more
    lease_owner  TEXT    NOT NULL DEFAULT '',  -- which worker has it
    note         TEXT    NOT NULL DEFAULT '',  -- what the last run that ended well says of itself
    last_error   TEXT    NOT NULL DEFAULT '',  -- of the last attempt, if that failed; in words
    started_at   INTEGER,          -- the last attempt; NULL: none yet
    failed_at    INTEGER,          -- the last that failed; NULL: none
    done_at      INTEGER,          -- the last that ended well; NULL: none
    done_ms      INTEGER NOT NULL DEFAULT 0,   -- and how long that one took
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (kind, unique_key),     -- JOB_ADD, JOB_FIND_BY_KEY
    CHECK ((state = 'running') = (lease_owner <> '')),
    CHECK (again_at IS NULL OR state = 'running')
) STRICT;

CREATE INDEX jobs_due ON jobs (due_at, id) WHERE state <> 'dead'; -- JOB_CLAIM, JOB_NEXT_DUE
CREATE INDEX jobs_of_state ON jobs (state, due_at, id);           -- JOB_LIST, JOB_COUNT
