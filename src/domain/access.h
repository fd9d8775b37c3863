/*
 * access.h - who may do what: roles, and the one rule of who sees which image.
 *
 * Pure. Every list, page, API and URL asks here; nobody else compares owners or roles.
 */
#ifndef DOMAIN_ACCESS_H
#define DOMAIN_ACCESS_H

#include "base/str.h"

/* Stored as text; the order is that of power. */
enum role { ROLE_VIEWER, ROLE_EDITOR, ROLE_ADMIN };

enum { ROLE_COUNT = ROLE_ADMIN + 1 };

/* "viewer", "editor" or "admin". */
struct str role_name(enum role role);
bool role_parse(struct str name, enum role *out) MUST_CHECK;

/* LIBRARY_PRIVATE: everyone but admins sees only their own images. LIBRARY_SHARED: everyone who is
 * signed in sees all of them. Changing stays with the owner and admins in both. */
enum library { LIBRARY_PRIVATE, LIBRARY_SHARED };

/* Who asks. user_id 0 with ROLE_ADMIN is the system itself (command line, sweep). */
struct actor {
    int64_t user_id;
    enum role role;
    struct str address; /* the client's, for the audit trail; empty for the system */
    bool is_own_only; /* sees, changes and deletes no images but his own, whatever role and library
                         allow besides: API 001's "users see only their own" */
};

#define ACTOR_SYSTEM ((struct actor){ .user_id = 0, .role = ROLE_ADMIN })

/* 0 when `actor` may see the images of everyone, else the only owner whose images are visible.
 * Lists put it into their query, single images compare with it: so the two cannot differ. */
int64_t access_visible_owner(const struct actor *actor, enum library library);

/* May `actor` see an image of `owner_id`? What one may not see answers like what does not exist. */
bool access_can_see(const struct actor *actor, enum library library, int64_t owner_id);

/* May `actor` change or delete an image of `owner_id`? Implies seeing it. */
bool access_can_edit(const struct actor *actor, int64_t owner_id);

/* 0 when `actor` may change the images of everyone, else the only owner whose images it may change;
 * a viewer's own is -1: nobody's. */
int64_t access_editable_owner(const struct actor *actor);

bool access_can_upload(const struct actor *actor);
bool access_can_manage_users(const struct actor *actor);
bool access_can_manage_jobs(const struct actor *actor);

/* May `actor` read what uploads of everyone went through, with the names of their files? */
bool access_can_read_flights(const struct actor *actor);

#endif
