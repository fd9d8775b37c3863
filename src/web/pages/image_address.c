/*
 * The addresses of an image's bytes: /i/:id, which people can keep, and the download. Both answer
 * with a redirect to a signed URL that is made now.
 */
#include "web/handlers.h"

#include "domain/asset.h"
#include "web/response.h"

static enum status sign(struct exchange *exchange, enum delivery_kind kind, struct signed_url *out)
{
    struct asset asset;
    enum status status = asset_find(&exchange->task, exchange->id, &asset);

    if (status != STATUS_OK)
        return status;
    return asset_sign(&exchange->task, &asset, kind, 0, out);
}

/* A browser that remembered the redirect until the URL's last second would find it dead: half of
 * the remaining life leaves time to load. */
enum status image_address_get(struct exchange *exchange)
{
    struct signed_url url;
    enum status status = sign(exchange, DELIVERY_DISPLAY, &url);

    if (status != STATUS_OK)
        return status;
    return response_found(exchange, url.url, url.expires_in_s / 2);
}

enum status image_download_get(struct exchange *exchange)
{
    struct signed_url url;
    enum status status = sign(exchange, DELIVERY_DOWNLOAD, &url);

    return status == STATUS_OK ? response_found(exchange, url.url, 0) : status;
}
