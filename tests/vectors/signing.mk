# The programs that test and measure signing: the vectors' runner, the one that botocore is compared
# with, and the benchmark.
SIGNING := $(BUILD)/tests/vectors/test_sigv4 $(BUILD)/tests/differential/signer \
           $(BUILD)/tests/differential/cloudfront $(BUILD)/bench/presign \
           $(BUILD)/bench/cloudfront

.PHONY: signing-tests
signing-tests: $(SIGNING)

$(SIGNING): $(BUILD)/%: %.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  TEST  $@")
	$(Q)$(CC) $(CPPFLAGS) -Itests/unit -Itests/vectors $(ALL_CFLAGS) -MMD -MP $< -o $@ $(LDFLAGS) $(LINK) -lcmocka $(LDLIBS)

-include $(SIGNING:=.d)
