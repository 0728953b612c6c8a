//! [`Sql`]: the SQL statements on the tables of one schema.

/// The version of the tables below. It is raised when they change.
pub(super) const SCHEMA: i32 = 1;

/// The statements of a store.
pub(super) struct Sql {
    pub(super) load: String,
    pub(super) create: String,
    pub(super) replace: String,
    pub(super) remove: String,
    pub(super) due: String,
    /// Reads the version of the tables.
    pub(super) schema: String,
    /// Creates the tables if they are missing.
    pub(super) tables: String,
}

impl Sql {
    /// The statements for the tables in `schema`. Default: the first schema of the user's `search_path`.
    pub(super) fn new(schema: Option<&str>) -> Self {
        let prefix =
            schema.map_or_else(String::new, |schema| format!("\"{}\".", schema.replace('"', "\"\"")));
        let records = format!("{prefix}smartrecruiters_records");
        let versions = format!("{prefix}smartrecruiters_schema");
        Self {
            load: format!("SELECT version, content FROM {records} WHERE namespace = $1 AND id = $2"),
            create: format!(
                "INSERT INTO {records} (namespace, id, version, content, due)
                 VALUES ($1, $2, $5 + 1, $3, $4) ON CONFLICT DO NOTHING RETURNING 1"
            ),
            replace: format!(
                "UPDATE {records} SET version = version + 1, content = $3, due = $4
                 WHERE namespace = $1 AND id = $2 AND version = $5 RETURNING 1"
            ),
            remove: format!(
                "DELETE FROM {records} WHERE namespace = $1 AND id = $2 AND version = $3 RETURNING 1"
            ),
            due: format!(
                "SELECT due, id FROM {records}
                 WHERE namespace = $1 AND due < $2 AND (due, id) > ($3, $4) ORDER BY due, id LIMIT $5"
            ),
            schema: format!("SELECT version FROM {versions}"),
            tables: tables(&records, &versions),
        }
    }
}

/// The statements that create the tables. Ids are bytes, since text cannot hold every character in every database.
///
/// The statements form one transaction, whose advisory lock lets one process at a time create the tables: `IF NOT
/// EXISTS` alone fails if two do so at once. The lock's number is arbitrary. `docs/stores.md` shows the same tables,
/// for administrators who create them.
fn tables(records: &str, versions: &str) -> String {
    format!(
        "SELECT pg_advisory_xact_lock(6003965734177215074);
         CREATE TABLE IF NOT EXISTS {records} (
             namespace text COLLATE \"C\" NOT NULL,
             id bytea NOT NULL,
             version bigint NOT NULL,
             content bytea NOT NULL,
             due bigint NOT NULL,
             PRIMARY KEY (namespace, id)
         );
         CREATE INDEX IF NOT EXISTS smartrecruiters_records_due ON {records} (namespace, due, id);
         CREATE TABLE IF NOT EXISTS {versions} (only_row boolean PRIMARY KEY, version integer NOT NULL);
         INSERT INTO {versions} VALUES (true, {SCHEMA}) ON CONFLICT DO NOTHING;"
    )
}
