# schema.sql is built into the program by schema.c (.incbin), which the compiler's -MMD cannot see.
$(BUILD)/obj/store/schema.o: schema.sql

# What a page of the grid costs with how many images: bench/fill_db.py makes the database to measure.
GRID := $(BUILD)/bench/grid

$(GRID): $(BUILD)/%: %.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  BENCH $@")
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP $< -o $@ $(LDFLAGS) $(LINK) $(LDLIBS)

-include $(GRID:=.d)
