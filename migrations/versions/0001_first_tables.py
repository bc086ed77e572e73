"""first tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("state_changes",)


def _protect_what_is_append_only() -> None:
    """The application's role may add rows and read them, nothing else. It owns nothing, so it can't grant it back."""
    for table in APPEND_ONLY:
        op.execute(
            f"""
            DO $$ DECLARE grantee text; BEGIN
              FOR grantee IN SELECT DISTINCT g.grantee FROM information_schema.role_table_grants g
                WHERE g.table_schema = current_schema() AND g.table_name = '{table}' AND g.grantee <> current_user
              LOOP
                EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM %I', grantee);
              END LOOP;
            END $$
            """
        )


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("show_id", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(
        "ix_alerts_open", "alerts", ["at"], unique=False, postgresql_where=sa.text("resolved_at IS NULL")
    )
    op.create_table(
        "cities",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country_code", sa.String(length=2), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cities")),
        sa.UniqueConstraint("country_code", "name", name=op.f("uq_cities_country_code_name")),
        sa.UniqueConstraint("slug", name=op.f("uq_cities_slug")),
    )
    op.create_table(
        "gateway_events",
        sa.Column("show_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("provider_ref", sa.String(length=200), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("outcome", sa.String(length=60), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("show_id", "provider", "event_id", name=op.f("pk_gateway_events")),
    )
    op.create_table(
        "movies",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), server_default="film", nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("original_title", sa.Text(), nullable=True),
        sa.Column("release_date", sa.Date(), nullable=True),
        sa.Column("year", sa.SmallInteger(), nullable=True),
        sa.Column("runtime_minutes", sa.SmallInteger(), nullable=True),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("advice", sa.Text(), nullable=True),
        sa.Column("sound", sa.Text(), nullable=True),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("countries", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("genres", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("directors", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("cast", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("synopsis", sa.Text(), server_default="", nullable=False),
        sa.Column("trailer_url", sa.Text(), nullable=True),
        sa.Column("poster_svg", sa.Text(), nullable=True),
        sa.Column("poster_hash", sa.String(length=16), nullable=True),
        sa.Column("folded", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('simple'::regconfig, folded)", persisted=True),
            nullable=True,
        ),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('film', 'event', 'concert', 'talk', 'theatre', 'opera', 'ballet', 'sport', 'other')",
            name=op.f("ck_movies_kind_known"),
        ),
        sa.CheckConstraint("runtime_minutes BETWEEN 1 AND 1440", name=op.f("ck_movies_runtime_sane")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_movies")),
        sa.UniqueConstraint("external_id", name=op.f("uq_movies_external_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_movies_slug")),
    )
    op.create_index("ix_movies_search", "movies", ["search"], unique=False, postgresql_using="gin")
    op.create_index("ix_movies_title", "movies", ["title"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("show_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("show_id", "id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_booking", "outbox", ["show_id", "booking_id"], unique=False)
    op.create_index(
        "ix_outbox_due_at", "outbox", ["due_at"], unique=False, postgresql_where=sa.text("done_at IS NULL")
    )
    op.create_table(
        "payments",
        sa.Column("show_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("provider_ref", sa.String(length=200), nullable=True),
        sa.Column("mode", sa.String(length=20), server_default="card", nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("captured_minor", sa.Integer(), server_default="0", nullable=False),
        sa.Column("captured_currency", sa.String(length=3), nullable=True),
        sa.Column("refunded_minor", sa.Integer(), server_default="0", nullable=False),
        sa.Column("redirect_url", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('created', 'pending', 'captured', 'failed', 'expired', 'partly_refunded', 'refunded')",
            name=op.f("ck_payments_state_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payments_amount_positive")),
        sa.CheckConstraint(
            "captured_minor >= 0 AND refunded_minor >= 0", name=op.f("ck_payments_amounts_not_negative")
        ),
        sa.CheckConstraint(
            "refunded_minor <= captured_minor", name=op.f("ck_payments_refunds_within_capture")
        ),
        sa.PrimaryKeyConstraint("show_id", "id", name=op.f("pk_payments")),
        sa.UniqueConstraint(
            "show_id", "provider", "provider_ref", name=op.f("uq_payments_show_id_provider_provider_ref")
        ),
    )
    op.create_index("ix_payments_booking", "payments", ["show_id", "booking_id"], unique=False)
    op.create_index(
        "ix_payments_check_at",
        "payments",
        ["check_at"],
        unique=False,
        postgresql_where=sa.text("check_at IS NOT NULL"),
    )
    op.create_index("ix_payments_provider_ref", "payments", ["provider_ref"], unique=False)
    op.create_table(
        "sandbox_sessions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("order_key", sa.String(length=80), nullable=False),
        sa.Column("show_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("return_url", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("captured_minor", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refunded_minor", sa.Integer(), server_default="0", nullable=False),
        sa.Column("capture_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("capture_minor", sa.Integer(), server_default="0", nullable=False),
        sa.Column("silent", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("twice", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("shuffled", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'processing', 'captured', 'declined', 'cancelled')",
            name=op.f("ck_sandbox_sessions_state_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_sandbox_sessions_amount_positive")),
        sa.CheckConstraint(
            "refunded_minor BETWEEN 0 AND captured_minor",
            name=op.f("ck_sandbox_sessions_refunds_within_capture"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_sessions")),
        sa.UniqueConstraint("order_key", name=op.f("uq_sandbox_sessions_order_key")),
    )
    op.create_index(
        "ix_sandbox_sessions_capture_at",
        "sandbox_sessions",
        ["capture_at"],
        unique=False,
        postgresql_where=sa.text("state = 'processing'"),
    )
    op.create_table(
        "schedule_marks",
        sa.Column("task", sa.String(length=40), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("task", name=op.f("pk_schedule_marks")),
    )
    op.create_table(
        "state_changes",
        sa.Column("show_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.String(length=20), nullable=True),
        sa.Column("after", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("show_id", "id", name=op.f("pk_state_changes")),
    )
    op.create_index(
        "ix_state_changes_subject", "state_changes", ["show_id", "subject", "subject_id"], unique=False
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index("uq_users_email", "users", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "cinemas",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("city_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("postal_code", sa.Text(), server_default="", nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("fee_minor", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tax_percent", sa.Numeric(precision=5, scale=2), server_default="0", nullable=False),
        sa.Column("facilities", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("website", sa.Text(), nullable=True),
        sa.CheckConstraint("fee_minor >= 0", name=op.f("ck_cinemas_fee_not_negative")),
        sa.CheckConstraint("tax_percent BETWEEN 0 AND 100", name=op.f("ck_cinemas_tax_sane")),
        sa.ForeignKeyConstraint(["city_id"], ["cities.id"], name=op.f("fk_cinemas_city_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cinemas")),
        sa.UniqueConstraint("external_id", name=op.f("uq_cinemas_external_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_cinemas_slug")),
    )
    op.create_index("ix_cinemas_city_id", "cinemas", ["city_id"], unique=False)
    op.create_table(
        "login_sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_login_sessions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_sessions_token_hash")),
    )
    op.create_index("ix_login_sessions_user_id", "login_sessions", ["user_id"], unique=False)
    op.create_table(
        "refunds",
        sa.Column("show_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("idempotency_key", sa.String(length=64), nullable=False),
        sa.Column("provider_ref", sa.String(length=200), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('requested', 'sent', 'done', 'failed')", name=op.f("ck_refunds_state_known")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refunds_amount_positive")),
        sa.ForeignKeyConstraint(
            ["show_id", "payment_id"],
            ["payments.show_id", "payments.id"],
            name=op.f("fk_refunds_show_id_payment_id"),
        ),
        sa.PrimaryKeyConstraint("show_id", "id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("show_id", "idempotency_key", name=op.f("uq_refunds_show_id_idempotency_key")),
    )
    op.create_index("ix_refunds_payment", "refunds", ["show_id", "payment_id"], unique=False)
    op.create_table(
        "sandbox_messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("session_id", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sandbox_sessions.id"], name=op.f("fk_sandbox_messages_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_messages")),
    )
    op.create_index(
        "ix_sandbox_messages_due_at",
        "sandbox_messages",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_sandbox_messages_session_id", "sandbox_messages", ["session_id"], unique=False)
    op.create_table(
        "sandbox_refunds",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("session_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_sandbox_refunds_amount_positive")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sandbox_sessions.id"], name=op.f("fk_sandbox_refunds_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_refunds")),
        sa.UniqueConstraint("key", name=op.f("uq_sandbox_refunds_key")),
    )
    op.create_index("ix_sandbox_refunds_session_id", "sandbox_refunds", ["session_id"], unique=False)
    op.create_table(
        "price_lists",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cinema_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["cinema_id"], ["cinemas.id"], name=op.f("fk_price_lists_cinema_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_lists")),
        sa.UniqueConstraint("cinema_id", "name", name=op.f("uq_price_lists_cinema_id_name")),
    )
    op.create_table(
        "screens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cinema_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("layout_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["cinema_id"], ["cinemas.id"], name=op.f("fk_screens_cinema_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screens")),
        sa.UniqueConstraint("cinema_id", "name", name=op.f("uq_screens_cinema_id_name")),
    )
    op.create_table(
        "layouts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("screen_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seat_count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("categories", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["screen_id"], ["screens.id"], name=op.f("fk_layouts_screen_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_layouts")),
        sa.UniqueConstraint("screen_id", "version", name=op.f("uq_layouts_screen_id_version")),
    )
    op.create_table(
        "prices",
        sa.Column("price_list_id", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("ticket_type", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "ticket_type IN ('adult', 'child', 'senior', 'student', 'companion')",
            name=op.f("ck_prices_ticket_type_known"),
        ),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_prices_amount_not_negative")),
        sa.ForeignKeyConstraint(
            ["price_list_id"], ["price_lists.id"], name=op.f("fk_prices_price_list_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("price_list_id", "category", "ticket_type", name=op.f("pk_prices")),
    )
    op.create_table(
        "seats",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("layout_id", sa.BigInteger(), nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), server_default="", nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("x", sa.Float(), nullable=False),
        sa.Column("y", sa.Float(), nullable=False),
        sa.Column("row_index", sa.SmallInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("run", sa.SmallInteger(), nullable=False),
        sa.Column("line", sa.SmallInteger(), nullable=False),
        sa.Column("column", sa.SmallInteger(), nullable=False),
        sa.Column("gap_before", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint(
            "kind IN ('standard', 'premium', 'recliner', 'love', 'wheelchair', 'companion')",
            name=op.f("ck_seats_kind_known"),
        ),
        sa.ForeignKeyConstraint(["layout_id"], ["layouts.id"], name=op.f("fk_seats_layout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seats")),
        sa.UniqueConstraint("layout_id", "guid", name=op.f("uq_seats_layout_id_guid")),
        sa.UniqueConstraint("layout_id", "line", "column", name=op.f("uq_seats_layout_id_line_column")),
    )
    op.create_table(
        "shows",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("movie_id", sa.BigInteger(), nullable=False),
        sa.Column("cinema_id", sa.BigInteger(), nullable=False),
        sa.Column("screen_id", sa.BigInteger(), nullable=False),
        sa.Column("layout_id", sa.BigInteger(), nullable=False),
        sa.Column("price_list_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), server_default="draft", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "during",
            postgresql.TSTZRANGE(),
            sa.Computed("tstzrange(starts_at, ends_at)", persisted=True),
            nullable=False,
        ),
        sa.Column("sales_open_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sales_close_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("format", sa.Text(), server_default="2D", nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("subtitles", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("captions", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("audio_description", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("relaxed", sa.Boolean(), server_default="false", nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(screen_id, screen_id, '[]')"), "&&"),
            (sa.text("during"), "&&"),
            where=sa.text("state <> 'cancelled'"),
            using="gist",
            name="ex_shows_screen_during",
        ),
        sa.CheckConstraint("state IN ('draft', 'published', 'cancelled')", name=op.f("ck_shows_state_known")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_shows_ends_after_start")),
        sa.CheckConstraint("sales_open_at < sales_close_at", name=op.f("ck_shows_sales_window")),
        sa.ForeignKeyConstraint(["cinema_id"], ["cinemas.id"], name=op.f("fk_shows_cinema_id")),
        sa.ForeignKeyConstraint(["layout_id"], ["layouts.id"], name=op.f("fk_shows_layout_id")),
        sa.ForeignKeyConstraint(["movie_id"], ["movies.id"], name=op.f("fk_shows_movie_id")),
        sa.ForeignKeyConstraint(["price_list_id"], ["price_lists.id"], name=op.f("fk_shows_price_list_id")),
        sa.ForeignKeyConstraint(["screen_id"], ["screens.id"], name=op.f("fk_shows_screen_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shows")),
    )
    op.create_index("ix_shows_cinema_id", "shows", ["cinema_id", "starts_at"], unique=False)
    op.create_index("ix_shows_movie_id", "shows", ["movie_id", "starts_at"], unique=False)
    op.create_index("ix_shows_starts_at", "shows", ["starts_at"], unique=False)
    op.create_table(
        "bookings",
        sa.Column("show_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("owner_key", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("seat_count", sa.SmallInteger(), nullable=False),
        sa.Column("price_list_id", sa.BigInteger(), nullable=False),
        sa.Column("seat_fee_minor", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tax_percent", sa.String(length=8), server_default="0", nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("fee_minor", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tax_minor", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total_minor", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cap_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("extended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payment_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('held', 'awaiting_payment', 'confirmed', 'cancelled', 'expired', 'released')",
            name=op.f("ck_bookings_state_known"),
        ),
        sa.CheckConstraint("expires_at <= cap_at", name=op.f("ck_bookings_within_cap")),
        sa.CheckConstraint("seat_count > 0", name=op.f("ck_bookings_has_seats")),
        sa.CheckConstraint(
            "total_minor >= 0 AND fee_minor >= 0 AND tax_minor >= 0",
            name=op.f("ck_bookings_amounts_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["price_list_id"], ["price_lists.id"], name=op.f("fk_bookings_price_list_id")
        ),
        sa.ForeignKeyConstraint(["show_id"], ["shows.id"], name=op.f("fk_bookings_show_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_bookings_user_id")),
        sa.PrimaryKeyConstraint("show_id", "id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("show_id", "code", name=op.f("uq_bookings_show_id_code")),
    )
    op.create_index("ix_bookings_email", "bookings", [sa.literal_column("lower(email)")], unique=False)
    op.create_index(
        "ix_bookings_expires_at",
        "bookings",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('held', 'awaiting_payment')"),
    )
    op.create_index("ix_bookings_owner_key", "bookings", ["owner_key"], unique=False)
    op.create_index("ix_bookings_user_id", "bookings", ["user_id"], unique=False)
    op.create_index(
        "uq_bookings_live_owner",
        "bookings",
        ["show_id", "owner_key"],
        unique=True,
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_table(
        "booking_documents",
        sa.Column("show_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["show_id", "booking_id"],
            ["bookings.show_id", "bookings.id"],
            name=op.f("fk_booking_documents_show_id_booking_id"),
        ),
        sa.PrimaryKeyConstraint("show_id", "booking_id", "kind", name=op.f("pk_booking_documents")),
    )
    op.create_table(
        "booking_lines",
        sa.Column("show_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("quantity", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('ticket', 'fee', 'tax')", name=op.f("ck_booking_lines_kind_known")),
        sa.ForeignKeyConstraint(
            ["show_id", "booking_id"],
            ["bookings.show_id", "bookings.id"],
            name=op.f("fk_booking_lines_show_id_booking_id"),
        ),
        sa.PrimaryKeyConstraint("show_id", "booking_id", "position", name=op.f("pk_booking_lines")),
    )
    op.create_table(
        "show_seats",
        sa.Column("show_id", sa.BigInteger(), nullable=False),
        sa.Column("seat_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="free", nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "(state = 'held') = (held_until IS NOT NULL)", name=op.f("ck_show_seats_held_has_end")
        ),
        sa.CheckConstraint(
            "(state IN ('held', 'sold')) = (booking_id IS NOT NULL)",
            name=op.f("ck_show_seats_taken_by_someone"),
        ),
        sa.CheckConstraint(
            "state IN ('free', 'held', 'sold', 'blocked')", name=op.f("ck_show_seats_state_known")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["seats.id"], name=op.f("fk_show_seats_seat_id")),
        sa.ForeignKeyConstraint(
            ["show_id", "booking_id"],
            ["bookings.show_id", "bookings.id"],
            name=op.f("fk_show_seats_show_id_booking_id"),
        ),
        sa.ForeignKeyConstraint(["show_id"], ["shows.id"], name=op.f("fk_show_seats_show_id")),
        sa.PrimaryKeyConstraint("show_id", "seat_id", name=op.f("pk_show_seats")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "tickets",
        sa.Column("show_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("seat_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("ticket_type", sa.String(length=20), nullable=False),
        sa.Column("price_minor", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('reserved', 'issued', 'admitted', 'void')", name=op.f("ck_tickets_state_known")
        ),
        sa.CheckConstraint(
            "ticket_type IN ('adult', 'child', 'senior', 'student', 'companion')",
            name=op.f("ck_tickets_ticket_type_known"),
        ),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_tickets_price_not_negative")),
        sa.ForeignKeyConstraint(
            ["show_id", "booking_id"],
            ["bookings.show_id", "bookings.id"],
            name=op.f("fk_tickets_show_id_booking_id"),
        ),
        sa.ForeignKeyConstraint(
            ["show_id", "seat_id"],
            ["show_seats.show_id", "show_seats.seat_id"],
            name=op.f("fk_tickets_show_id_seat_id"),
        ),
        sa.PrimaryKeyConstraint("show_id", "id", name=op.f("pk_tickets")),
        sa.UniqueConstraint(
            "show_id", "booking_id", "number", name=op.f("uq_tickets_show_id_booking_id_number")
        ),
    )
    op.create_index(
        "uq_tickets_live_seat",
        "tickets",
        ["show_id", "seat_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'void'"),
    )
    op.create_foreign_key("fk_screens_layout_id", "screens", "layouts", ["layout_id"], ["id"])
    _protect_what_is_append_only()


def downgrade() -> None:
    op.drop_constraint("fk_screens_layout_id", "screens")
    op.drop_index("uq_tickets_live_seat", table_name="tickets", postgresql_where=sa.text("state <> 'void'"))
    op.drop_table("tickets")
    op.drop_table("show_seats")
    op.drop_table("booking_lines")
    op.drop_table("booking_documents")
    op.drop_index("uq_bookings_live_owner", table_name="bookings", postgresql_where=sa.text("state = 'held'"))
    op.drop_index("ix_bookings_user_id", table_name="bookings")
    op.drop_index("ix_bookings_owner_key", table_name="bookings")
    op.drop_index(
        "ix_bookings_expires_at",
        table_name="bookings",
        postgresql_where=sa.text("state IN ('held', 'awaiting_payment')"),
    )
    op.drop_index("ix_bookings_email", table_name="bookings")
    op.drop_table("bookings")
    op.drop_index("ix_shows_starts_at", table_name="shows")
    op.drop_index("ix_shows_movie_id", table_name="shows")
    op.drop_index("ix_shows_cinema_id", table_name="shows")
    op.drop_table("shows")
    op.drop_table("seats")
    op.drop_table("prices")
    op.drop_table("layouts")
    op.drop_table("screens")
    op.drop_table("price_lists")
    op.drop_index("ix_sandbox_refunds_session_id", table_name="sandbox_refunds")
    op.drop_table("sandbox_refunds")
    op.drop_index("ix_sandbox_messages_session_id", table_name="sandbox_messages")
    op.drop_index(
        "ix_sandbox_messages_due_at",
        table_name="sandbox_messages",
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_table("sandbox_messages")
    op.drop_index("ix_refunds_payment", table_name="refunds")
    op.drop_table("refunds")
    op.drop_index("ix_login_sessions_user_id", table_name="login_sessions")
    op.drop_table("login_sessions")
    op.drop_index("ix_cinemas_city_id", table_name="cinemas")
    op.drop_table("cinemas")
    op.drop_index("uq_users_email", table_name="users")
    op.drop_table("users")
    op.drop_index("ix_state_changes_subject", table_name="state_changes")
    op.drop_table("state_changes")
    op.drop_table("schedule_marks")
    op.drop_index(
        "ix_sandbox_sessions_capture_at",
        table_name="sandbox_sessions",
        postgresql_where=sa.text("state = 'processing'"),
    )
    op.drop_table("sandbox_sessions")
    op.drop_index("ix_payments_provider_ref", table_name="payments")
    op.drop_index(
        "ix_payments_check_at", table_name="payments", postgresql_where=sa.text("check_at IS NOT NULL")
    )
    op.drop_index("ix_payments_booking", table_name="payments")
    op.drop_table("payments")
    op.drop_index("ix_outbox_due_at", table_name="outbox", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_index("ix_outbox_booking", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("ix_movies_title", table_name="movies")
    op.drop_index("ix_movies_search", table_name="movies", postgresql_using="gin")
    op.drop_table("movies")
    op.drop_table("gateway_events")
    op.drop_table("cities")
    op.drop_index("ix_alerts_open", table_name="alerts", postgresql_where=sa.text("resolved_at IS NULL"))
    op.drop_table("alerts")
