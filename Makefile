# Vitrine: build, run, test. `make help` lists the targets.
#
# Options, on the command line or in the environment:
#   BUILD=folder  V=1 (show commands)  SANITIZE=1 (ASan + UBSan)
#   for `make run`: PORT  DATA  ADMIN_EMAIL  ADMIN_PASSWORD  SERVER=lighttpd|nginx  (all: docs/settings.md)

# --- options ---------------------------------------------------------------------------------------
CC       ?= gcc
SANITIZE ?=
BUILD    ?= build$(if $(SANITIZE),/asan)
V        ?=
Q        := $(if $(V),,@)

# Recursive (=) on purpose: the packages that pkg-config asks for may only just have been installed.
PKGS      = jansson expat cjose libsodium libcurl libcrypto sqlite3
CPPFLAGS += -Isrc -D_GNU_SOURCE
WARN     := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
            -Wundef -Wwrite-strings -Wvla -Wpointer-arith
HARDEN   := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
ifeq ($(SANITIZE),)
CFLAGS   ?= -O2 -g
HARDEN   += -D_FORTIFY_SOURCE=2
else
CFLAGS    = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
endif
ALL_CFLAGS = -std=c11 $(CFLAGS) $(WARN) $(HARDEN) -pthread
LDFLAGS  += -pie -Wl,-z,relro,-z,now -pthread
LDLIBS    = -lfcgi $(shell pkg-config --libs $(PKGS)) -lm

# --- sources: a folder of src/ is a layer, and may use only those before it in this list --------------
LAYERS   := base crypto sign image store remote domain cgi web objects main
ARCHIVES := $(LAYERS:%=$(BUILD)/lib/lib%.a)
reverse   = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
LINK      = $(call reverse,$(ARCHIVES))
OBJECTS  := $(patsubst src/%.c,$(BUILD)/obj/%.o,$(shell find src -mindepth 2 -name '*.c' | sort))
PROGRAMS := $(BUILD)/cgi-bin/vitrine.fcgi $(BUILD)/cgi-bin/objects.fcgi $(BUILD)/vitrine $(BUILD)/vitrine-worker
UNIT     := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(sort $(wildcard tests/unit/test_*.c)))

# --- targets -----------------------------------------------------------------------------------------
.PHONY: all programs unit-tests help clean run test test-slow bench install format
.DEFAULT_GOAL := all
BUILD_ALL = $(MAKE) --no-print-directory -j$$(nproc) all

run: ## Install what is missing, build, and serve in the foreground
	@tools/run --check
	@tools/install $(if $(filter nginx,$(SERVER)),nginx,run)
	@$(BUILD_ALL)
	@exec tools/run

test: ## Install what is missing, build, and run every test
	@tools/install test
	@$(BUILD_ALL)
	@exec tests/run

test-%: ## One ring of tests: make test-unit, test-http, ... (tests/run --list names them)
	@exec tests/run $*

test-slow: ## Every test, and those that take minutes (1 GB objects, a million rows)
	@tools/install test
	@$(BUILD_ALL)
	@TEST_SLOW=1 exec tests/run

bench: ## Measure speed and memory, and write bench/RESULTS.md
	@tools/install test bench
	@$(BUILD_ALL)
	@exec bench/run

all: programs ## Build the four programs into build/
	@:

programs: $(PROGRAMS)

unit-tests: $(UNIT) ## Build the unit tests

install: ## Only install the packages that `make run` and `make test` need
	@tools/install run nginx test

format: ## Format the C sources
	clang-format -i $(shell find src cgi-bin tests bench -name '*.[ch]')

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9%-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(filter Makefile %.mk,$(MAKEFILE_LIST))

clean: ## Remove everything that was built
	rm -rf build

# --- rules -------------------------------------------------------------------------------------------
$(BUILD)/obj/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC    $<")
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

define archive_rule
$(BUILD)/lib/lib$(1).a: $(filter $(BUILD)/obj/$(1)/%,$(OBJECTS))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)ar rcsD $$@ $$^
endef
$(foreach layer,$(LAYERS),$(eval $(call archive_rule,$(layer))))

$(BUILD)/cgi-bin/%.fcgi: cgi-bin/%.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP $< -o $@ $(LDFLAGS) $(LINK) $(LDLIBS)

$(BUILD)/vitrine $(BUILD)/vitrine-worker: $(BUILD)/%: src/%.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP $< -o $@ $(LDFLAGS) $(LINK) $(LDLIBS)

# A unit test links the layers that exist; the linker takes only what it uses.
$(BUILD)/tests/unit/%: tests/unit/%.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  TEST  $@")
	$(Q)$(CC) $(CPPFLAGS) -Itests/unit $(ALL_CFLAGS) -MMD -MP $< -o $@ $(LDFLAGS) $(LINK) -lcmocka $(LDLIBS)

-include $(OBJECTS:.o=.d) $(wildcard $(BUILD)/cgi-bin/*.d $(BUILD)/*.d $(BUILD)/tests/unit/*.d)

# --- rules that one folder needs for itself ------------------------------------------------------------
-include src/store/store.mk src/web/web.mk tests/fuzz/fuzz.mk tests/vectors/signing.mk tests/pages/pages.mk
