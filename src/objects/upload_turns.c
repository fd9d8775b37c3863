/* upload_turns.c - counting by walking: there are as many turns as threads. */
#include "objects/upload_turns.h"

static size_t at_least(size_t count, size_t least)
{
    return count > least ? count : least;
}

void upload_turns_init(struct upload_turns *turns, size_t threads)
{
    memset(turns, 0, sizeof *turns);
    pthread_mutex_init(&turns->lock, NULL);
    if (threads == 0)
        return;
    turns->most = at_least(threads * 3 / 4, 1);
    turns->most_a_network = at_least(threads / 2, 1);
    turns->most_strangers = turns->most_a_network;
}

void upload_turns_clear(struct upload_turns *turns)
{
    pthread_mutex_destroy(&turns->lock);
}

/* With the lock: a free turn, or NULL when this one would be too many. */
static struct upload_turn *find_free(struct upload_turns *turns, const struct upload_turn *wanted)
{
    size_t taken = 0, of_network = 0, of_key = 0, strangers = 0;
    struct upload_turn *free_turn = NULL;

    for (size_t i = 0; i < COUNT_OF(turns->turns); i++) {
        struct upload_turn *turn = &turns->turns[i];

        if (turn->key.ptr == NULL) {
            free_turn = free_turn == NULL ? turn : free_turn;
            continue;
        }
        taken++;
        of_network +=
            memcmp(turn->network.bytes, wanted->network.bytes, sizeof turn->network.bytes) == 0;
        of_key += str_equal(turn->key, wanted->key);
        strangers += turn->is_stranger;
    }
    if (taken >= turns->most || of_network >= turns->most_a_network ||
        of_key >= UPLOAD_TURNS_A_KEY || (wanted->is_stranger && strangers >= turns->most_strangers))
        return NULL;
    return free_turn;
}

static bool take(struct upload_turns *turns, struct str remote_addr, struct str key,
    bool is_stranger, struct upload_turn **out_turn)
{
    struct upload_turn wanted = { .key = key, .is_stranger = is_stranger };
    struct address address;

    *out_turn = NULL;
    if (turns->most == 0)
        return true;
    if (address_parse(remote_addr, &address))
        wanted.network = address_network(&address);
    pthread_mutex_lock(&turns->lock);
    *out_turn = find_free(turns, &wanted);
    if (*out_turn != NULL)
        **out_turn = wanted;
    pthread_mutex_unlock(&turns->lock);
    return *out_turn != NULL;
}

bool upload_turns_take(struct upload_turns *turns, struct str remote_addr, struct str key,
    struct upload_turn **out_turn)
{
    return take(turns, remote_addr, key, false, out_turn);
}

bool upload_turns_take_stranger(struct upload_turns *turns, struct str remote_addr, struct str key,
    struct upload_turn **out_turn)
{
    return take(turns, remote_addr, key, true, out_turn);
}

void upload_turns_prove(struct upload_turns *turns, struct upload_turn *turn)
{
    if (turn == NULL)
        return;
    pthread_mutex_lock(&turns->lock);
    turn->is_stranger = false;
    pthread_mutex_unlock(&turns->lock);
}

void upload_turns_give(struct upload_turns *turns, struct upload_turn *turn)
{
    if (turn == NULL)
        return;
    pthread_mutex_lock(&turns->lock);
    *turn = (struct upload_turn){ .key = STR_EMPTY };
    pthread_mutex_unlock(&turns->lock);
}
