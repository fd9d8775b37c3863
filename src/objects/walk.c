/*
 * walk.c - see walk.h. A depth-first walk that, in each folder, picks the few smallest entries that
 * matter in one pass, so that memory follows the page and not the folder.
 */
#include "objects/walk.h"

#include "objects/key_path.h"
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

/* The smallest entries of a folder, at most `room`; a heap with the greatest on top. */
struct batch {
    struct key_piece *pieces;
    size_t count;
    size_t room;
};

static void batch_sift_up(struct batch *batch, size_t i)
{
    while (i > 0) {
        size_t parent = (i - 1) / 2;
        if (key_piece_compare(&batch->pieces[parent], &batch->pieces[i]) >= 0)
            return;
        struct key_piece swap = batch->pieces[parent];
        batch->pieces[parent] = batch->pieces[i];
        batch->pieces[i] = swap;
        i = parent;
    }
}

static void batch_sift_down(struct batch *batch)
{
    size_t i = 0;
    for (;;) {
        size_t greatest = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < batch->count; child++)
            if (key_piece_compare(&batch->pieces[child], &batch->pieces[greatest]) > 0)
                greatest = child;
        if (greatest == i)
            return;
        struct key_piece swap = batch->pieces[greatest];
        batch->pieces[greatest] = batch->pieces[i];
        batch->pieces[i] = swap;
        i = greatest;
    }
}

static void batch_grow(struct batch *batch)
{
    if (batch->count % 64 != 0)
        return;
    struct key_piece *larger = realloc(batch->pieces, (batch->count + 64) * sizeof *batch->pieces);
    if (larger == NULL)
        abort();
    batch->pieces = larger;
}

static void batch_add(struct batch *batch, const struct key_piece *piece)
{
    if (batch->count < batch->room) {
        batch_grow(batch);
        batch->pieces[batch->count++] = *piece;
        batch_sift_up(batch, batch->count - 1);
        return;
    }
    if (key_piece_compare(piece, &batch->pieces[0]) >= 0)
        return;
    batch->pieces[0] = *piece;
    batch_sift_down(batch);
}

static int compare_pieces(const void *a, const void *b)
{
    return key_piece_compare(a, b);
}

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

static void visit_batch(struct walk *walk, struct batch *batch)
{
    if (batch->count > 1)
        qsort(batch->pieces, batch->count, sizeof *batch->pieces, compare_pieces);
    for (size_t i = 0; i < batch->count && !is_done(walk); i++) {
        const struct key_piece *piece = &batch->pieces[i];
        if (!matters(walk, piece))
            continue;
        if (piece->is_folder)
            visit_folder(walk, piece);
        else
            visit_object(walk, full_name(walk, piece));
    }
}

static DIR *open_folder(struct walk *walk)
{
    buf_put_byte(&walk->path, '\0');
    walk->path.len--;
    DIR *dir = store_open_folder(walk->store, walk->path.ptr);
    if (dir == NULL)
        walk->is_failed = walk->is_failed || errno != ENOENT; /* just removed: empty */
    return dir;
}

/* The entries of the open folder that matter and are greater than `last` (NULL: all). */
static void collect(struct walk *walk, const struct key_piece *last, struct batch *batch)
{
    struct key_piece piece;
    DIR *dir = open_folder(walk);
    if (dir == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (key_piece_parse(entry->d_name, &piece) &&
            (last == NULL || key_piece_compare(&piece, last) > 0) && matters(walk, &piece))
            batch_add(batch, &piece);
    closedir(dir);
}

/* When the prefix names the next piece, there is nothing to search: that object and that folder. */
static bool collect_by_name(struct walk *walk, struct batch *batch)
{
    struct key_piece piece;
    char name[KEY_NAME_MAX + 1];
    struct str rest = str_from_offset(walk->query->prefix, walk->base_len);
    if (!key_piece_of_prefix(rest, &piece))
        return false;
    for (int is_folder = 0; is_folder <= 1; is_folder++) {
        size_t path_len = walk->path.len;
        piece.is_folder = is_folder;
        key_piece_name(&piece, name);
        buf_put_c(&walk->path, name);
        buf_put_byte(&walk->path, '\0');
        if (matters(walk, &piece) && faccessat(walk->store->root_fd, walk->path.ptr, F_OK, 0) == 0)
            batch_add(batch, &piece);
        walk->path.len = path_len;
    }
    return true;
}

/*
 * Everything in the open folder. A batch holds as many entries as the page can still take and one
 * more; each entry is usually at least one line, so one batch is usually enough. When it was not
 * (rolled-up objects, folders emptied a moment ago), the next one begins after the last entry.
 */
static void walk_folder(struct walk *walk)
{
    struct key_piece last;
    bool has_last = false;
    while (!is_done(walk)) {
        struct batch batch = { .room = walk->query->max_items - walk->page->count + 1 };
        bool is_named = !has_last && collect_by_name(walk, &batch);
        if (!is_named)
            collect(walk, has_last ? &last : NULL, &batch);
        visit_batch(walk, &batch);
        bool is_more = !is_named && batch.count == batch.room;
        if (is_more)
            last = batch.pieces[batch.count - 1];
        has_last = is_more;
        free(batch.pieces);
        if (!is_more)
            return;
    }
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
    DIR *dir = open_folder(walk);
    if (dir == NULL)
        return false;
    for (struct dirent *entry; !is_found && (entry = readdir(dir)) != NULL;)
        is_found = key_piece_parse(entry->d_name, out);
    closedir(dir);
    return is_found;
}

/*
 * True when some object is below the open folder. Deletes prune empty folders, so the first entry
 * nearly always decides; when it was emptied a moment ago, all are looked at, in order. No folder
 * is open while another is entered: keys may be a thousand folders deep, descriptors are fewer.
 */
static bool folder_has_object(struct walk *walk)
{
    struct key_piece piece;
    if (!find_entry(walk, &piece))
        return false;
    if (piece_has_object(walk, &piece))
        return true;
    for (const struct key_piece *last = NULL;;) {
        struct batch batch = { .room = 1 };
        collect(walk, last, &batch);
        if (batch.count == 0)
            return false;
        piece = batch.pieces[0];
        last = &piece;
        free(batch.pieces);
        if (piece_has_object(walk, &piece))
            return true;
    }
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
