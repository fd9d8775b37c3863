/*
 * public_address.h - is an address one of the Internet, or one of our own house?
 *
 * For requests to URLs that must not be turned against the network that we stand in: loopback,
 * private, link-local (a cloud's metadata service), shared, reserved and multicast addresses are
 * not public (IANA's special-purpose registries, RFC 6890). Asked about the address that a socket
 * is about to connect to, so that a name cannot change its mind in between.
 */
#ifndef REMOTE_PUBLIC_ADDRESS_H
#define REMOTE_PUBLIC_ADDRESS_H

#include "base/address.h"

bool public_address_is(const struct address *address);

#endif
