"""Staff: roles at cinemas, second factors, the audit; closed accounts, and log-ins that know when they were used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_entries",)


def _instant(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _roles()
    _second_factors()
    _audit()
    op.add_column("users", _instant("deactivated_at", nullable=True))
    op.add_column("login_sessions", _instant("seen_at", nullable=True))
    op.add_column("login_sessions", _instant("confirmed_at", nullable=True))
    _protect_what_is_append_only()


def _roles() -> None:
    op.create_table(
        "staff_roles",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("cinema_id", sa.BigInteger(), nullable=True),
        sa.Column("granted_by", sa.BigInteger(), nullable=True),
        _instant("granted_at"),
        sa.Column("revoked_by", sa.BigInteger(), nullable=True),
        _instant("revoked_at", nullable=True),
        sa.CheckConstraint(
            "role IN ('box_office', 'scanner', 'manager', 'admin')", name=op.f("ck_staff_roles_role_known")
        ),
        sa.CheckConstraint(
            "(role = 'admin') = (cinema_id IS NULL)", name=op.f("ck_staff_roles_admins_are_everywhere")
        ),
        sa.CheckConstraint("revoked_at >= granted_at", name=op.f("ck_staff_roles_revoked_after_granted")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_staff_roles_user_id")),
        sa.ForeignKeyConstraint(["cinema_id"], ["cinemas.id"], name=op.f("fk_staff_roles_cinema_id")),
        sa.ForeignKeyConstraint(["granted_by"], ["users.id"], name=op.f("fk_staff_roles_granted_by")),
        sa.ForeignKeyConstraint(["revoked_by"], ["users.id"], name=op.f("fk_staff_roles_revoked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_roles")),
    )
    op.create_index(
        "uq_staff_roles_live",
        "staff_roles",
        ["user_id", "role", "cinema_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_index("ix_staff_roles_user_id", "staff_roles", ["user_id"])
    op.create_index("ix_staff_roles_cinema_id", "staff_roles", ["cinema_id"])


def _second_factors() -> None:
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed_key", sa.Text(), nullable=False),
        _instant("made_at"),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.SmallInteger(), server_default="0", nullable=False),
        _instant("failed_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_second_factors_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        _instant("used_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("user_id", "code_hash", name=op.f("uq_recovery_codes_user_id_code_hash")),
    )


def _audit() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _instant("at"),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.String(length=45), server_default="", nullable=False),
        sa.Column("cinema_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=30), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("before", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("after", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index("ix_audit_entries_at", "audit_entries", ["at"])
    op.create_index("ix_audit_entries_cinema_id", "audit_entries", ["cinema_id", "id"])
    op.create_index("ix_audit_entries_user_id", "audit_entries", ["user_id", "id"])
    op.create_index("ix_audit_entries_subject", "audit_entries", ["subject", "subject_id", "id"])
    op.create_index("ix_audit_entries_action", "audit_entries", ["action", "id"])


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


def downgrade() -> None:
    op.drop_column("login_sessions", "confirmed_at")
    op.drop_column("login_sessions", "seen_at")
    op.drop_column("users", "deactivated_at")
    for table in ("audit_entries", "recovery_codes", "second_factors", "staff_roles"):
        op.drop_table(table)
