"""Every address of the app. tests/portraits/test_access.py declares who may use each."""

from django.urls import path, re_path

from portraits.views.accounts.account import account, account_delete, account_sign_out
from portraits.views.accounts.keep import keep
from portraits.views.accounts.one_time_sign_in import one_time_sign_in
from portraits.views.demo import demo_file, demo_manifest
from portraits.views.element_script import element_script
from portraits.views.gallery import gallery
from portraits.views.health import livez, readyz
from portraits.views.home import home
from portraits.views.portraits.portrait import portrait
from portraits.views.portraits.portrait_delete import portrait_delete
from portraits.views.portraits.portrait_thumbnail import portrait_thumbnail
from portraits.views.portraits.portrait_title import portrait_title
from portraits.views.portraits.portrait_zip import portrait_zip
from portraits.views.portraits.session import (
    session,
    session_cancel,
    session_file,
    session_manifest,
    session_progress,
    session_retry,
    session_sheets,
)
from portraits.views.shares.share import share
from portraits.views.shares.share_create import share_create
from portraits.views.shares.share_details import share_details
from portraits.views.shares.share_embed import share_embed
from portraits.views.shares.share_file import share_file
from portraits.views.shares.share_manifest import share_manifest
from portraits.views.shares.share_password import share_password
from portraits.views.shares.share_qr import share_qr
from portraits.views.shares.share_report import share_report
from portraits.views.shares.share_revoke import share_revoke
from portraits.views.uploads.confirm import confirm
from portraits.views.uploads.upload import upload
from portraits.views.uploads.upload_face import upload_face
from portraits.views.uploads.upload_photo import upload_photo, upload_thumbnail

urlpatterns = [
    path("", home, name="home"),
    path("account/", account, name="account"),
    path("account/delete/", account_delete, name="account-delete"),
    path("account/sign-out/", account_sign_out, name="account-sign-out"),
    path("demo/manifest.json", demo_manifest, name="demo-manifest"),
    path("demo/<str:name>", demo_file, name="demo-file"),
    re_path(
        r"^element/(?P<version>[0-9a-f]{32})/(?P<name>gaze-tracker(?:-[a-z]+)?\.min\.js)$",
        element_script,
        name="element-script",
    ),
    path("keep/", keep, name="keep"),
    path("livez", livez, name="livez"),
    path("portraits/", gallery, name="portraits"),
    path("portraits/<uuid:portrait_id>/", portrait, name="portrait"),
    path("portraits/<uuid:portrait_id>/delete/", portrait_delete, name="portrait-delete"),
    path("portraits/<uuid:portrait_id>/portrait.zip", portrait_zip, name="portrait-zip"),
    path("portraits/<uuid:portrait_id>/shares/", share_create, name="share-create"),
    path("portraits/<uuid:portrait_id>/thumbnail.webp", portrait_thumbnail, name="portrait-thumbnail"),
    path("portraits/<uuid:portrait_id>/title/", portrait_title, name="portrait-title"),
    path("readyz", readyz, name="readyz"),
    path("s/<str:token>/", share, name="share"),
    path("s/<str:token>/embed/", share_embed, name="share-embed"),
    path("s/<str:token>/manifest.json", share_manifest, name="share-manifest"),
    path("s/<str:token>/password/", share_password, name="share-password"),
    path("s/<str:token>/report/", share_report, name="share-report"),
    path("s/<str:token>/<str:name>", share_file, name="share-file"),
    path("sessions/<uuid:session_id>/", session, name="session"),
    path("sessions/<uuid:session_id>/cancel/", session_cancel, name="session-cancel"),
    path("sessions/<uuid:session_id>/manifest.json", session_manifest, name="session-manifest"),
    path("sessions/<uuid:session_id>/progress.json", session_progress, name="session-progress"),
    path("sessions/<uuid:session_id>/retry/", session_retry, name="session-retry"),
    path("sessions/<uuid:session_id>/sheets/", session_sheets, name="session-sheets"),
    path("sessions/<uuid:session_id>/<str:name>", session_file, name="session-file"),
    path("shares/<uuid:link_id>/", share_details, name="share-details"),
    path("shares/<uuid:link_id>/qr.svg", share_qr, name="share-qr"),
    path("shares/<uuid:link_id>/revoke/", share_revoke, name="share-revoke"),
    path("sign-in/<str:user_id>/<str:token>/", one_time_sign_in, name="one-time-sign-in"),
    path("upload/", upload, name="upload"),
    path("uploads/<uuid:upload_id>/", confirm, name="confirm"),
    path("uploads/<uuid:upload_id>/faces/", upload_face, name="upload-face"),
    path("uploads/<uuid:upload_id>/photo.webp", upload_photo, name="upload-photo"),
    path("uploads/<uuid:upload_id>/thumbnail.webp", upload_thumbnail, name="upload-thumbnail"),
]
