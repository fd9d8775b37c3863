# Fuzz targets: tests/fuzz/fuzz_<name>.c, run by libFuzzer (clang) or over saved inputs (any compiler).
#
# A target is built from the sources that it looks at, and nothing else, with sanitizers of its own;
# so it does not depend on how the rest was built. To add one: its file, its row here, its seeds.

FUZZ_SECONDS ?= 20
FUZZ_CC      ?= clang
FUZZ_BUILD   := $(BUILD)/fuzz
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

# --- what each target is built from, beside base/ -------------------------------------------------
FUZZ_SIGN := $(wildcard src/crypto/*.c src/sign/*.c)

FUZZ_SOURCES_asset       := $(addprefix src/domain/,asset_mirror.c asset_key_shape.c file_name.c file_types.c flight_clean.c) \
    src/crypto/digest.c
FUZZ_SOURCES_aws_chunked := src/objects/aws_chunked.c $(FUZZ_SIGN)
FUZZ_SOURCES_jwt         := $(FUZZ_SIGN)
FUZZ_SOURCES_image       := $(wildcard src/image/*.c)
FUZZ_SOURCES_multipart   := $(wildcard src/cgi/multipart*.c) src/cgi/header_params.c
FUZZ_SOURCES_request     := src/cgi/request.c
FUZZ_SOURCES_s3_answer   := $(filter-out %/s3_bucket.c,$(wildcard src/remote/*.c)) $(FUZZ_SIGN)
FUZZ_SOURCES_s3_document := src/objects/cors.c src/objects/tags.c src/objects/lifecycle.c \
    src/objects/post_policy.c src/objects/error.c
FUZZ_SOURCES_s3_uploads  := $(filter-out %/s3_multipart.c %/s3_multipart_list.c,$(wildcard src/remote/*.c)) $(FUZZ_SIGN)
FUZZ_SOURCES_sigv4       := $(FUZZ_SIGN)
FUZZ_SOURCES_template    := $(wildcard src/web/template*.c)

FUZZ_LIBS_asset       := libcrypto
FUZZ_LIBS_aws_chunked := cjose libcrypto libsodium
FUZZ_LIBS_jwt         := cjose libcrypto libsodium
FUZZ_LIBS_s3_answer   := cjose libcrypto libsodium libcurl
FUZZ_LIBS_s3_uploads  := cjose libcrypto libsodium libcurl
FUZZ_LIBS_sigv4       := cjose libcrypto libsodium

# --- how ------------------------------------------------------------------------------------------
FUZZ_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_CFLAGS   := -std=c11 -O1 -g -fno-omit-frame-pointer -pthread $(WARN)

FUZZ_FLAGS     = -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 -rss_limit_mb=1024 \
                 -print_final_stats=1 -verbosity=0

fuzz_sources = $(wildcard src/base/*.c) $(FUZZ_SOURCES_$(1))
fuzz_objects = $(patsubst %.c,$(FUZZ_BUILD)/$(1)/%.o,$(call fuzz_sources,$(2)) tests/fuzz/fuzz_$(2).c)
fuzz_libs    = $$(pkg-config --libs jansson expat $(FUZZ_LIBS_$(1))) -lm

define fuzz_rules
$(FUZZ_BUILD)/replay-$(1): $(call fuzz_objects,replay,$(1)) $(FUZZ_BUILD)/replay/tests/fuzz/replay.o
	$(Q)$$(CC) $$(FUZZ_SANITIZE) -pthread $$^ -o $$@ $$(call fuzz_libs,$(1))

$(FUZZ_BUILD)/fuzz-$(1): $(call fuzz_objects,libfuzzer,$(1))
	$(Q)$$(FUZZ_CC) $$(FUZZ_SANITIZE) -fsanitize=fuzzer -pthread $$^ -o $$@ $$(call fuzz_libs,$(1))

.PHONY: fuzz-$(1)
fuzz-$(1): $(FUZZ_BUILD)/fuzz-$(1)
	@mkdir -p $(FUZZ_BUILD)/found/$(1)
	@$$< $$(FUZZ_FLAGS) -artifact_prefix=$(FUZZ_BUILD)/$(1)- $(FUZZ_BUILD)/found/$(1) \
	    tests/fuzz/corpus/$(1) >$(FUZZ_BUILD)/$(1).log 2>&1 || { tail -50 $(FUZZ_BUILD)/$(1).log; exit 1; }
	@awk '/number_of_executed_units/ { print "$(1): " $$$$2 " inputs, no finding" }' $(FUZZ_BUILD)/$(1).log
endef
$(foreach target,$(FUZZ_TARGETS),$(eval $(call fuzz_rules,$(target))))

$(FUZZ_BUILD)/replay/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -Itests/fuzz $(FUZZ_CFLAGS) $(FUZZ_SANITIZE) -MMD -MP -c $< -o $@

$(FUZZ_BUILD)/libfuzzer/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(CPPFLAGS) -Itests/fuzz $(FUZZ_CFLAGS) $(FUZZ_SANITIZE) -fsanitize=fuzzer-no-link \
	    -MMD -MP -c $< -o $@

-include $(shell find $(FUZZ_BUILD) -name '*.d' 2>/dev/null)

# --- targets --------------------------------------------------------------------------------------
.PHONY: fuzz-replay fuzz

fuzz-replay: $(FUZZ_TARGETS:%=$(FUZZ_BUILD)/replay-%) ## Run every fuzz target over its saved inputs
	@failed=0; \
	for target in $(FUZZ_TARGETS); do \
	    $(FUZZ_BUILD)/replay-$$target tests/fuzz/corpus/$$target || failed=1; \
	done; \
	exit $$failed

fuzz: $(FUZZ_TARGETS:%=fuzz-%) ## Fuzz every target for FUZZ_SECONDS (clang; new inputs in build/fuzz/found)
