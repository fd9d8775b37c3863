# Tests of whole answers in one process: build/tests/pages/test_*, each with the helpers beside it.
PAGES_TESTS   := $(patsubst tests/pages/%.c,$(BUILD)/tests/pages/%,$(sort $(wildcard tests/pages/test_*.c)))
PAGES_HELPERS := $(filter-out tests/pages/test_%,$(wildcard tests/pages/*.c))

.PHONY: pages-tests
pages-tests: $(PAGES_TESTS) ## Build the tests of whole pages
unit-tests: $(PAGES_TESTS)

$(BUILD)/tests/pages/%: tests/pages/%.c $(PAGES_HELPERS) $(wildcard tests/pages/*.h) $(ARCHIVES)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  TEST  $@")
	$(Q)$(CC) $(CPPFLAGS) -Itests/pages -Itests/unit $(ALL_CFLAGS) $< $(PAGES_HELPERS) -o $@ $(LDFLAGS) $(LINK) -lcmocka $(LDLIBS)
