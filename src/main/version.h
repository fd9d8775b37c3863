/*
 * version.h - the one place that says which release this is.
 */
#ifndef MAIN_VERSION_H
#define MAIN_VERSION_H

#define VITRINE_VERSION "0.1.0"

#endif
