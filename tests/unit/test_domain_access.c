/* Who sees and changes whose images, as one table. */
#include "unit.h"

#include "domain/access.h"

enum { OWN = 7, OTHER = 8 };

/* clang-format off */
static const struct {
    const char *name;
    enum role role;
    bool is_own_only;
    enum library library;
    bool sees_other, edits_own, edits_other;
} cases[] = {
    { "viewer, private",        ROLE_VIEWER, false, LIBRARY_PRIVATE, false, false, false },
    { "viewer, shared",         ROLE_VIEWER, false, LIBRARY_SHARED,  true,  false, false },
    { "editor, private",        ROLE_EDITOR, false, LIBRARY_PRIVATE, false, true,  false },
    { "editor, shared",         ROLE_EDITOR, false, LIBRARY_SHARED,  true,  true,  false },
    { "admin, private",         ROLE_ADMIN,  false, LIBRARY_PRIVATE, true,  true,  true },
    { "admin, shared",          ROLE_ADMIN,  false, LIBRARY_SHARED,  true,  true,  true },
    { "viewer, own, private",   ROLE_VIEWER, true,  LIBRARY_PRIVATE, false, false, false },
    { "viewer, own, shared",    ROLE_VIEWER, true,  LIBRARY_SHARED,  false, false, false },
    { "editor, own, private",   ROLE_EDITOR, true,  LIBRARY_PRIVATE, false, true,  false },
    { "editor, own, shared",    ROLE_EDITOR, true,  LIBRARY_SHARED,  false, true,  false },
    { "admin, own, private",    ROLE_ADMIN,  true,  LIBRARY_PRIVATE, false, true,  false },
    { "admin, own, shared",     ROLE_ADMIN,  true,  LIBRARY_SHARED,  false, true,  false },
};
/* clang-format on */

static void roles_and_owners_decide_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct actor actor = {
            .user_id = OWN, .role = cases[i].role, .is_own_only = cases[i].is_own_only
        };
        int64_t visible = access_visible_owner(&actor, cases[i].library);

        expect_int(cases[i].name, access_can_see(&actor, cases[i].library, OWN), true);
        expect_int(
            cases[i].name, access_can_see(&actor, cases[i].library, OTHER), cases[i].sees_other);
        expect_int(cases[i].name, visible, cases[i].sees_other ? 0 : OWN);
        expect_int(cases[i].name, access_can_edit(&actor, OWN), cases[i].edits_own);
        expect_int(cases[i].name, access_can_edit(&actor, OTHER), cases[i].edits_other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(
            "roles and owners decide as the table says", roles_and_owners_decide_as_the_table_says),
    };

    return RUN(tests);
}
