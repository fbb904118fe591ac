"""The audit log, and what signing in with more than a password needs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG: sa.types.TypeEngine[int] = sa.BigInteger().with_variant(
    sa.Integer(), "sqlite"
)  # STRICT tables refuse BIGINT


def upgrade() -> None:
    """Add the audit log, sessions, passkeys, one-time codes and links."""
    _audit()
    _append_only()
    _people()
    _sessions()
    _factors()


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("object_kind", sa.Text, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
        sqlite_strict=True,
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_actor_number", "audit", ["actor", "number"])
    op.create_index("ix_audit_action_number", "audit", ["action", "number"])
    op.create_index(
        "ix_audit_object_kind_object_number", "audit", ["object_kind", "object", "number"]
    )


def _append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_stays()"
    )


def _people() -> None:
    for name, kind in (
        ("joined_at", BIG),
        ("removed_at", BIG),
        ("removed_name", sa.Text()),
        ("totp_box", sa.LargeBinary()),
        ("totp_step", BIG),
    ):
        op.add_column("staff", sa.Column(name, kind))
    op.execute("UPDATE staff SET joined_at = created_at")
    op.create_table(
        "staff_links",
        sa.Column("key_hash", sa.LargeBinary, nullable=False),
        sa.Column("staff", sa.Text, nullable=False),
        sa.Column("use", sa.Text, nullable=False),
        sa.Column("ends_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_staff_links"),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name="fk_staff_links_staff"),
        sqlite_strict=True,
    )
    op.create_index("ix_staff_links_staff", "staff_links", ["staff"])


def _sessions() -> None:
    op.create_table(
        "staff_sessions",
        sa.Column("key_hash", sa.LargeBinary, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("staff", sa.Text, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("seen_at", BIG, nullable=False),
        sa.Column("ends_at", BIG, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("lang", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_staff_sessions"),
        sa.UniqueConstraint("id", name="uq_staff_sessions_id"),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name="fk_staff_sessions_staff"),
        sqlite_strict=True,
    )
    for column in ("staff", "ends_at"):
        op.create_index(f"ix_staff_sessions_{column}", "staff_sessions", [column])
    op.create_table(
        "staff_steps",
        sa.Column("key_hash", sa.LargeBinary, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("staff", sa.Text),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("ends_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", "kind", name="pk_staff_steps"),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name="fk_staff_steps_staff"),
        sqlite_strict=True,
    )
    op.create_index("ix_staff_steps_ends_at", "staff_steps", ["ends_at"])


def _factors() -> None:
    op.create_table(
        "staff_passkeys",
        sa.Column("credential_id", sa.LargeBinary, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("staff", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("used_at", BIG),
        sa.PrimaryKeyConstraint("credential_id", name="pk_staff_passkeys"),
        sa.UniqueConstraint("id", name="uq_staff_passkeys_id"),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name="fk_staff_passkeys_staff"),
        sqlite_strict=True,
    )
    op.create_index("ix_staff_passkeys_staff", "staff_passkeys", ["staff"])
    op.create_table(
        "staff_recovery",
        sa.Column("code_hash", sa.LargeBinary, nullable=False),
        sa.Column("staff", sa.Text, nullable=False),
        sa.Column("used_at", BIG),
        sa.PrimaryKeyConstraint("code_hash", name="pk_staff_recovery"),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name="fk_staff_recovery_staff"),
        sqlite_strict=True,
    )
    op.create_index("ix_staff_recovery_staff", "staff_recovery", ["staff"])
