/* The settings as text: a table for people, a JSON object for scripts. Never a secret. */
#include "main/setting.h"

#include "base/buf.h"
#include "base/escape.h"

enum { DESCRIPTION_MAX_BYTES = 64 * 1024 };

/* As it is used: completed from others, "no" as "off". */
static struct str value_text(struct arena *arena, const struct config *config, size_t index)
{
    const struct setting *setting = &setting_table[index];
    const void *field = (const char *)config + setting->offset;

    if (setting->is_secret)
        return str_is_empty(config->values[index].text) ? STR("") : STR("(set, not shown)");
    if (setting->parse == setting_text || setting->parse == setting_path ||
        setting->parse == setting_url || setting->parse == setting_origin ||
        setting->parse == setting_types || setting->parse == setting_prefix ||
        setting->parse == setting_origins)
        return *(const struct str *)field;
    if (setting->parse == setting_bool)
        return *(const bool *)field ? STR("on") : STR("off");
    if (setting->parse == setting_switch)
        return str_from_c(setting->choices[*(const int64_t *)field]);
    if (setting->parse == setting_number || setting->parse == setting_size)
        return arena_printf(arena, "%lld", (long long)*(const int64_t *)field);
    return config->values[index].text;
}

static struct str source_text(const struct config *config, size_t index)
{
    struct str source = config->values[index].source;

    return str_is_empty(source) ? STR("default") : source;
}

struct str config_describe(struct arena *arena, const struct config *config)
{
    struct buf out;

    buf_init_arena(&out, arena, DESCRIPTION_MAX_BYTES);
    for (size_t i = 0; i < setting_count; i++)
        buf_printf(&out, "%-25s %-12.*s %.*s\n", setting_table[i].name,
            STR_ARG(source_text(config, i)), STR_ARG(value_text(arena, config, i)));
    return buf_str(&out);
}

static void put_member(struct buf *out, const char *name, struct str value)
{
    buf_printf(out, "\"%s\":\"", name);
    escape_json(out, value);
    buf_put_byte(out, '"');
}

struct str config_describe_json(struct arena *arena, const struct config *config)
{
    struct buf out;

    buf_init_arena(&out, arena, DESCRIPTION_MAX_BYTES);
    buf_put_byte(&out, '{');
    for (size_t i = 0; i < setting_count; i++) {
        buf_printf(&out, "%s\n  \"%s\": {", i == 0 ? "" : ",", setting_table[i].name);
        put_member(&out, "value", value_text(arena, config, i));
        buf_put_byte(&out, ',');
        put_member(&out, "source", source_text(config, i));
        buf_put_byte(&out, ',');
        put_member(&out, "doc", str_from_c(setting_table[i].doc));
        buf_put_byte(&out, '}');
    }
    buf_put_c(&out, "\n}\n");
    return buf_str(&out);
}
