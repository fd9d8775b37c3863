/*
 * access.c - the rules of access.h.
 */
#include "domain/access.h"

static const struct str role_names[ROLE_COUNT] = {
    [ROLE_VIEWER] = STR_INIT("viewer"),
    [ROLE_EDITOR] = STR_INIT("editor"),
    [ROLE_ADMIN] = STR_INIT("admin"),
};

struct str role_name(enum role role)
{
    return role_names[role];
}

bool role_parse(struct str name, enum role *out)
{
    for (size_t i = 0; i < COUNT_OF(role_names); i++) {
        if (str_equal(name, role_names[i])) {
            *out = (enum role)i;
            return true;
        }
    }
    return false;
}

int64_t access_visible_owner(const struct actor *actor, enum library library)
{
    bool sees_all = actor->role == ROLE_ADMIN || library == LIBRARY_SHARED;

    return sees_all && !actor->is_own_only ? 0 : actor->user_id;
}

bool access_can_see(const struct actor *actor, enum library library, int64_t owner_id)
{
    int64_t visible = access_visible_owner(actor, library);

    return visible == 0 || visible == owner_id;
}

bool access_can_edit(const struct actor *actor, int64_t owner_id)
{
    bool is_own = actor->user_id == owner_id;

    return actor->role == ROLE_ADMIN ? is_own || !actor->is_own_only
                                     : actor->role == ROLE_EDITOR && is_own;
}

int64_t access_editable_owner(const struct actor *actor)
{
    if (actor->role == ROLE_ADMIN && !actor->is_own_only) {
        return 0;
    }
    return access_can_edit(actor, actor->user_id) ? actor->user_id : -1;
}

bool access_can_upload(const struct actor *actor)
{
    return actor->role >= ROLE_EDITOR;
}

bool access_can_manage_users(const struct actor *actor)
{
    return actor->role == ROLE_ADMIN;
}

bool access_can_read_flights(const struct actor *actor)
{
    return actor->role == ROLE_ADMIN;
}

bool access_can_manage_jobs(const struct actor *actor)
{
    return actor->role == ROLE_ADMIN;
}
