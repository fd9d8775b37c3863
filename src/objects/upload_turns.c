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
}

void upload_turns_clear(struct upload_turns *turns)
{
    pthread_mutex_destroy(&turns->lock);
}

/* With the lock: a free turn, or NULL when this one would be too many. */
static struct upload_turn *find_free(
    struct upload_turns *turns, const struct address *network, struct str key)
{
    size_t taken = 0, of_network = 0, of_key = 0;
    struct upload_turn *free_turn = NULL;

    for (size_t i = 0; i < COUNT_OF(turns->turns); i++) {
        struct upload_turn *turn = &turns->turns[i];

        if (turn->key.ptr == NULL) {
            free_turn = free_turn == NULL ? turn : free_turn;
            continue;
        }
        taken++;
        of_network += memcmp(turn->network.bytes, network->bytes, sizeof network->bytes) == 0;
        of_key += str_equal(turn->key, key);
    }
    if (taken >= turns->most || of_network >= turns->most_a_network || of_key >= UPLOAD_TURNS_A_KEY)
        return NULL;
    return free_turn;
}

bool upload_turns_take(struct upload_turns *turns, struct str remote_addr, struct str key,
    struct upload_turn **out_turn)
{
    struct address address, network = { { 0 } };

    *out_turn = NULL;
    if (turns->most == 0)
        return true;
    if (address_parse(remote_addr, &address))
        network = address_network(&address);
    pthread_mutex_lock(&turns->lock);
    *out_turn = find_free(turns, &network, key);
    if (*out_turn != NULL)
        **out_turn = (struct upload_turn){ network, key };
    pthread_mutex_unlock(&turns->lock);
    return *out_turn != NULL;
}

void upload_turns_give(struct upload_turns *turns, struct upload_turn *turn)
{
    if (turn == NULL)
        return;
    pthread_mutex_lock(&turns->lock);
    turn->key = STR_EMPTY;
    pthread_mutex_unlock(&turns->lock);
}
