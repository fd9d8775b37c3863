/*
 * walk.c - see walk.h. A depth-first walk; what a folder holds, and in which order, is
 * folder_run.c's.
 */
#include "objects/walk.h"

#include "objects/objects.h"
#include "objects/store_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct walk {
    struct store *store;
    struct arena *arena;
    const struct walk_query *query;
    struct walk_page *page;
    char
        base[OBJECTS_KEY_MAX_BYTES + KEY_PIECE_MAX]; /* the bytes that the open folder stands for */
    size_t base_len;
    struct buf path;                       /* its path below the root, ends in '/' */
    char after[OBJECTS_KEY_MAX_BYTES + 1]; /* only greater keys; moves on with the walk */
    size_t after_len;
    struct str rolled; /* the last common prefix: its keys are told already */
    bool is_found;     /* what look_for_object saw */
    bool is_failed;
};

/* --- which entries matter ------------------------------------------------------------------------
 */

static struct str full_name(struct walk *walk, const struct key_piece *piece)
{
    memcpy(walk->base + walk->base_len, piece->bytes, piece->len);
    return str_from(walk->base, walk->base_len + piece->len);
}

static bool is_rolled_up(const struct walk *walk, struct str name)
{
    return !str_is_empty(walk->rolled) && str_starts_with(name, walk->rolled);
}

/* Whether an object, or some object below a folder, can still be part of the listing. */
static bool matters(struct walk *walk, const struct key_piece *piece)
{
    struct str name = full_name(walk, piece);
    struct str after = str_from(walk->after, walk->after_len);
    struct str prefix = walk->query->prefix;
    if (is_rolled_up(walk, name))
        return false;
    if (!str_starts_with(name, prefix) && !(piece->is_folder && str_starts_with(prefix, name)))
        return false;
    if (str_compare(name, after) > 0)
        return true;
    /* Not greater itself; a folder may hold greater ones when `after` lies in it or equals it. */
    return piece->is_folder && str_starts_with(after, name);
}

/* --- the walk ------------------------------------------------------------------------------------
 */

static bool is_done(const struct walk *walk)
{
    return walk->page->is_truncated || walk->is_failed;
}

/* Nothing up to and with `name` comes again. */
static void move_on(struct walk *walk, struct str name)
{
    if (name.len > 0)
        memmove(walk->after, name.ptr, name.len);
    walk->after_len = name.len;
}

static void emit(struct walk *walk, struct str name, bool is_prefix)
{
    struct walk_page *page = walk->page;
    if (page->count == walk->query->max_items) {
        page->is_truncated = true;
        return;
    }
    page->items[page->count++] =
        (struct walk_item){ .is_prefix = is_prefix, .name = arena_copy(walk->arena, name) };
    if (is_prefix)
        walk->rolled = page->items[page->count - 1].name;
}

/* The common prefix that `name` falls into; empty when the delimiter does not stand in it. */
static struct str common_prefix(const struct walk *walk, struct str name)
{
    struct str delimiter = walk->query->delimiter;
    if (str_is_empty(delimiter) || name.len < walk->query->prefix.len)
        return STR_EMPTY;
    struct str rest = str_from_offset(name, walk->query->prefix.len);
    ssize_t at = str_find(rest, delimiter);
    return at < 0 ? STR_EMPTY
                  : str_head(name, walk->query->prefix.len + (size_t)at + delimiter.len);
}

static void visit_object(struct walk *walk, struct str key)
{
    struct str rolled = common_prefix(walk, key);
    if (str_is_empty(rolled))
        emit(walk, key, false);
    else
        emit(walk, rolled, true);
    if (!walk->page->is_truncated)
        move_on(walk, key);
}

static void walk_folder(struct walk *walk);
static bool folder_has_object(struct walk *walk);

/* Run `inside` with the folder `piece` open, and come back. */
static void enter(struct walk *walk, const struct key_piece *piece, void (*inside)(struct walk *))
{
    char name[KEY_NAME_MAX + 1];
    size_t base_len = walk->base_len;
    size_t path_len = walk->path.len;
    walk->base_len = full_name(walk, piece).len;
    key_piece_name(piece, name);
    buf_put_c(&walk->path, name);
    buf_put_byte(&walk->path, '/');
    inside(walk);
    walk->base_len = base_len;
    walk->path.len = path_len;
}

/* A folder whose name holds the delimiter is one common prefix: it need not be walked, only hold
 * something. */
static void roll_up_folder(struct walk *walk)
{
    struct str name = str_from(walk->base, walk->base_len);
    if (folder_has_object(walk))
        emit(walk, common_prefix(walk, name), true);
}

static void visit_folder(struct walk *walk, const struct key_piece *piece)
{
    struct str name = full_name(walk, piece);
    struct str after = str_from(walk->after, walk->after_len);
    bool is_wholly_new = !str_starts_with(after, name);
    bool is_rolled =
        str_starts_with(name, walk->query->prefix) && !str_is_empty(common_prefix(walk, name));
    enter(walk, piece, is_rolled && is_wholly_new ? roll_up_folder : walk_folder);
}

/* False when the walk is over. */
static bool visit(struct walk *walk, const struct key_piece *piece)
{
    if (is_done(walk))
        return false;
    if (!matters(walk, piece))
        return true;
    if (piece->is_folder)
        visit_folder(walk, piece);
    else
        visit_object(walk, full_name(walk, piece));
    return true;
}

/* The path of the open folder, with its NUL. */
static const char *path_text(struct walk *walk)
{
    buf_put_byte(&walk->path, '\0');
    walk->path.len--;
    return walk->path.ptr;
}

/* When the prefix names the next piece, there is nothing to search: that object and that folder. */
static bool visit_by_name(struct walk *walk)
{
    struct key_piece piece;
    bool is_there[2];
    char name[KEY_NAME_MAX + 1];
    struct str rest = str_from_offset(walk->query->prefix, walk->base_len);
    if (!key_piece_of_prefix(rest, &piece))
        return false;
    for (int is_folder = 0; is_folder <= 1; is_folder++) {
        size_t path_len = walk->path.len;
        piece.is_folder = is_folder;
        key_piece_name(&piece, name);
        buf_put_c(&walk->path, name);
        is_there[is_folder] = faccessat(walk->store->root_fd, path_text(walk), F_OK, 0) == 0;
        walk->path.len = path_len;
    }
    for (int is_folder = 0; is_folder <= 1; is_folder++) {
        piece.is_folder = is_folder;
        if (is_there[is_folder])
            visit(walk, &piece);
    }
    return true;
}

/* From where on the open folder's entries can matter. */
static struct folder_bound first_bound(const struct walk *walk)
{
    struct folder_bound bound = { .kind = BOUND_NONE };
    struct str after = str_from(walk->after, walk->after_len), prefix = walk->query->prefix;
    struct str from = str_compare(after, prefix) > 0 ? after : prefix;
    struct str base = str_from(walk->base, walk->base_len);
    if (from.len > base.len && str_starts_with(from, base)) {
        bound.kind = BOUND_FROM;
        key_piece_at_start(str_from_offset(from, base.len), &bound.piece);
    }
    return bound;
}

/* Visit entries of the open folder, from `bound` on, which moves behind them. False: there are no
 * more. */
static bool visit_run(struct walk *walk, struct folder_bound *bound)
{
    struct folder_run *run = folder_run_take(walk->store, path_text(walk), bound);
    if (run == NULL) {
        walk->is_failed = true;
        return false;
    }
    size_t i = folder_run_start(run, bound);
    while (i < run->count && visit(walk, &run->pieces[i]))
        i++;
    bool is_more = i == run->count && !run->is_last && !is_done(walk);
    if (is_more)
        *bound = (struct folder_bound){ BOUND_BEHIND, run->pieces[run->count - 1] };
    folder_run_give_back(walk->store, run);
    return is_more;
}

static void walk_folder(struct walk *walk)
{
    if (visit_by_name(walk))
        return;
    struct folder_bound bound = first_bound(walk);
    while (visit_run(walk, &bound))
        continue;
}

static void look_for_object(struct walk *walk)
{
    walk->is_found = folder_has_object(walk);
}

static bool piece_has_object(struct walk *walk, const struct key_piece *piece)
{
    if (!piece->is_folder)
        return true;
    enter(walk, piece, look_for_object);
    return walk->is_found;
}

/* Any entry of the open folder: the first that comes. */
static bool find_entry(struct walk *walk, struct key_piece *out)
{
    bool is_found = false;
    DIR *dir = store_open_folder(walk->store, path_text(walk));
    if (dir == NULL) {
        walk->is_failed = walk->is_failed || errno != ENOENT; /* just removed: empty */
        return false;
    }
    for (struct dirent *entry; !is_found && (entry = readdir(dir)) != NULL;)
        is_found = key_piece_parse(entry->d_name, out);
    closedir(dir);
    return is_found;
}

/* The same for a stretch of its entries. */
static bool run_has_object(struct walk *walk, struct folder_bound *bound, bool *out_is_more)
{
    struct folder_run *run = folder_run_take(walk->store, path_text(walk), bound);
    bool is_found = false;
    *out_is_more = run != NULL && !run->is_last;
    if (run == NULL)
        return false;
    for (size_t i = folder_run_start(run, bound); i < run->count && !is_found; i++)
        is_found = piece_has_object(walk, &run->pieces[i]);
    if (*out_is_more)
        *bound = (struct folder_bound){ BOUND_BEHIND, run->pieces[run->count - 1] };
    folder_run_give_back(walk->store, run);
    return is_found;
}

/*
 * True when some object is below the open folder. Deletes prune empty folders, so the first entry
 * nearly always decides; when it was emptied a moment ago, all are looked at, in order. No folder
 * is open while another is entered: keys may be a thousand folders deep, descriptors are fewer.
 */
static bool folder_has_object(struct walk *walk)
{
    struct folder_bound bound = { .kind = BOUND_NONE };
    struct key_piece piece;
    bool is_more = true, is_found = false;
    if (!find_entry(walk, &piece))
        return false;
    is_found = piece_has_object(walk, &piece);
    while (!is_found && is_more)
        is_found = run_has_object(walk, &bound, &is_more);
    return is_found;
}

enum status walk_list(
    struct store *store, struct arena *arena, const struct walk_query *query, struct walk_page *out)
{
    *out = (struct walk_page){ 0 };
    if (!store_has_bucket(store, arena, query->bucket))
        return STATUS_NOT_FOUND;
    out->items = ARENA_ARRAY(arena, struct walk_item, query->max_items + 1);
    struct walk *walk = ARENA_NEW(arena, struct walk);
    walk->store = store;
    walk->arena = arena;
    walk->query = query;
    walk->page = out;
    walk->rolled = query->after_prefix;
    move_on(walk, str_head(query->after, OBJECTS_KEY_MAX_BYTES));
    buf_init_arena(&walk->path, arena, KEY_PATH_MAX);
    buf_put_c(&walk->path, store_bucket_path(arena, query->bucket, "keys/"));
    walk_folder(walk);
    return walk->is_failed ? STATUS_IO : STATUS_OK;
}
