/* vitrine config, vitrine routes: the two tables of the program, printed. */
#include "main/command.h"

#include "web/routes.h"

#include <stdio.h>

int command_config(struct cli *cli)
{
    struct str text = cli->has_option[OPTION_JSON] ? config_describe_json(cli->arena, &cli->config)
                                                   : config_describe(cli->arena, &cli->config);

    cli_print("%.*s", STR_ARG(text));
    return COMMAND_OK;
}

static json_t *route_json(const struct route *route)
{
    json_t *params = json_array();

    for (size_t i = 0; route->params != NULL && i < route->params->count; i++)
        json_array_append_new(params, json_string(route->params->item[i].name));
    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:s}", "method",
        json_from_str(method_to_str(route->method)), "path", route->path, "audience",
        json_from_str(audience_name(route->audience)), "dialect",
        json_from_str(dialect_name(route->dialect)), "access",
        json_from_str(access_name(route->access)), "scope", json_from_str(scope_name(route->scope)),
        "rate", json_from_str(rate_class_name(route->rate)), "csrf",
        json_from_str(csrf_name(route->csrf)), "body", json_from_str(body_name(route->body)),
        "body_max_bytes", (json_int_t)route->body_max_bytes, "params", params, "doc", route->doc);
}

int command_routes(struct cli *cli)
{
    json_t *list = json_array();

    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &route_table[i];
        json_array_append_new(list, route_json(route));
        if (!cli->has_option[OPTION_JSON])
            cli_print("%-6.*s %-37s %-7.*s %s\n", STR_ARG(method_to_str(route->method)),
                route->path, STR_ARG(access_name(route->access)), route->doc);
    }
    if (cli->has_option[OPTION_JSON])
        cli_print_json(cli, list);
    else
        json_decref(list);
    return COMMAND_OK;
}
