/*
 * handlers.h - the functions and parameter tables that rows of the route table name.
 *
 * One file a page (pages/) or an API (api/). A handler does one thing of the domain, builds a model
 * and renders it; it has been authorised before and has its parameters typed.
 */
#ifndef WEB_HANDLERS_H
#define WEB_HANDLERS_H

#include "web/routes.h"

/* pages/ */
handler_fn root_get;
handler_fn sign_in_get;
handler_fn sign_in_post;
handler_fn sign_out_post;
handler_fn images_get;
handler_fn image_get;
handler_fn image_post;
handler_fn image_delete_get;
handler_fn image_delete_post;
handler_fn image_restore_post;
handler_fn images_bulk_post;
handler_fn trash_get;
handler_fn trash_empty_get;
handler_fn trash_empty_post;
handler_fn image_download_get;
handler_fn image_address_get;
handler_fn upload_get;
handler_fn upload_record_get;
handler_fn uploads_get;
handler_fn upload_post;
handler_fn upload_form_get;
handler_fn upload_form_post;
handler_fn upload_form_send_get;
handler_fn upload_form_saved_get;
handler_fn account_get;
handler_fn account_password_post;
handler_fn account_session_revoke_post;
handler_fn account_sessions_revoke_others_post;
handler_fn docs_get;
handler_fn jobs_get;
handler_fn job_retry_post;
handler_fn job_discard_post;

extern const struct param_set sign_in_get_params;
extern const struct param_set sign_in_post_params;
extern const struct param_set images_get_params;
extern const struct param_set image_post_params;
extern const struct param_set upload_form_post_params;
extern const struct param_set upload_form_saved_get_params;
extern const struct param_set image_delete_post_params;
extern const struct param_set images_bulk_post_params;
extern const struct param_set trash_get_params;
extern const struct param_set trash_empty_params;
extern const struct param_set account_password_post_params;
extern const struct param_set uploads_get_params;

/* api/ */
handler_fn auth_signin_post;
handler_fn auth_refresh_post;
handler_fn auth_signout_post;
handler_fn health_get;
handler_fn metrics_get;
handler_fn openapi_get;
handler_fn api_attempts_post;
handler_fn api_presign_upload_post;
handler_fn api_presign_uploads_post;
handler_fn api_images_get;
handler_fn api_images_post;
handler_fn api_image_get;
handler_fn api_image_patch;
handler_fn api_image_delete;
handler_fn api_image_restore_post;
handler_fn api_images_trash_get;
handler_fn api_images_bulk_post;
handler_fn api_image_signed_url_get;
handler_fn api_multiparts_get;
handler_fn api_multiparts_post;
handler_fn api_multipart_get;
handler_fn api_multipart_delete;
handler_fn api_multipart_complete_post;
handler_fn api_multipart_parts_post;
handler_fn api_signed_url_get;
handler_fn api_signed_cookies_post;
handler_fn api_signed_urls_post;

/* api/: of other systems */
handler_fn gateway_upload_post;
handler_fn profile_upload_image_post;
handler_fn profile_images_get;
handler_fn profile_image_delete;
handler_fn profile_image_signed_url_get;
handler_fn files_upload_url_post;
handler_fn files_download_url_post;
handler_fn files_get;
handler_fn files_file_delete;
handler_fn storage_v1_direct_post;
handler_fn storage_v1_presigned_post;
handler_fn storage_v1_download_get;
handler_fn storage_v1_download_url_get;
handler_fn storage_v1_metadata_get;
handler_fn storage_v1_file_delete;
handler_fn storage_v1_list_get;
handler_fn storage_v1_health_get;

extern const struct param_set auth_signin_post_params;
extern const struct param_set auth_refresh_post_params;
extern const struct param_set api_attempts_post_params;
extern const struct param_set api_presign_upload_post_params;
extern const struct param_set api_presign_uploads_post_params;
extern const struct param_set api_images_get_params;
extern const struct param_set api_images_post_params;
extern const struct param_set api_image_patch_params;
extern const struct param_set api_multiparts_post_params;
extern const struct param_set api_multipart_complete_post_params;
extern const struct param_set api_multipart_parts_post_params;
extern const struct param_set api_image_delete_params;
extern const struct param_set api_images_trash_get_params;
extern const struct param_set api_images_bulk_post_params;
extern const struct param_set api_signed_url_get_params;
extern const struct param_set api_signed_urls_post_params;

extern const struct param_set gateway_upload_post_params;
extern const struct param_set profile_images_get_params;
extern const struct param_set files_upload_url_post_params;
extern const struct param_set files_download_url_post_params;
extern const struct param_set files_get_params;
extern const struct param_set storage_v1_presigned_post_params;
extern const struct param_set storage_v1_download_url_get_params;
extern const struct param_set storage_v1_list_get_params;

#endif
