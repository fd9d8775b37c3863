/* "/": there is nothing to see here, only somewhere to go. */
#include "web/handlers.h"
#include "web/response.h"

enum status root_get(struct exchange *exchange)
{
    return response_see_other(
        exchange, exchange->is_signed_in ? STR("/admin/images") : STR("/sign-in"), FLASH_NONE);
}
