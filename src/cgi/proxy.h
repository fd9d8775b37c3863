/*
 * proxy.h - who the client is when another proxy stands before the web server.
 *
 * A header that says so can be written by anyone. It is believed only as far as machines of our
 * own wrote it: the connection comes from a trusted one, and what that one saw is believed, and
 * what the trusted one before it saw, and so on; the first address that is not trusted is the
 * client, whatever stands left of it.
 */
#ifndef CGI_PROXY_H
#define CGI_PROXY_H

#include "base/address.h"
#include "cgi/request.h"

/* Which header the trusted proxies write. Only this one is read: the other may come from the
 * client through a proxy that does not know it. */
enum proxy_header { PROXY_X_FORWARDED /* -For, -Proto, -Host */, PROXY_FORWARDED /* RFC 7239 */ };

/* Borrowed for as long as requests come. Zeroed: nobody is trusted. */
struct proxy_trust {
    const struct address_range *ranges;
    size_t range_count;
    bool trusts_local_sockets; /* a web server that was itself reached by a Unix socket */
    enum proxy_header header;
};

/*
 * Read "10.0.0.0/8, 2001:db8::/32, 192.0.2.7, unix" into *out, whose ranges live in the arena;
 * empty: nobody. False when a part is none of these.
 */
bool proxy_trust_parse(struct arena *arena, struct str text, struct proxy_trust *out) MUST_CHECK;

/*
 * When the request's connection comes from a trusted proxy, replace remote_addr, is_https and host
 * by what it says of the client; each that it does not say, or says wrongly, stays. Headers stay as
 * they came.
 */
void proxy_apply(const struct proxy_trust *trust, struct request *request);

#endif
