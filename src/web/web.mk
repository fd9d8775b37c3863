# openapi.json is built into the program by openapi_words.c (.incbin), which the compiler's -MMD cannot see.
$(BUILD)/obj/web/openapi_words.o: src/web/openapi.json
