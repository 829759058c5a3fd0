-- The first schema. Common to all metadata databases: TEXT, BIGINT, INTEGER; times are Unix milliseconds; flags are 0 or 1.

CREATE TABLE store_value (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE batch (
  id            TEXT PRIMARY KEY,
  project_id    TEXT NOT NULL,
  domain_name   TEXT NOT NULL,
  user_name     TEXT NOT NULL,
  status        TEXT NOT NULL,
  create_millis BIGINT NOT NULL,
  commit_millis BIGINT NOT NULL
);
CREATE INDEX batch_by_project ON batch (project_id, create_millis);

CREATE TABLE client_token (
  project_id    TEXT NOT NULL,
  token         TEXT NOT NULL,
  batch_id      TEXT NOT NULL,
  create_millis BIGINT NOT NULL,
  PRIMARY KEY (project_id, token)
);

CREATE TABLE job (
  id                    TEXT PRIMARY KEY,
  batch_id              TEXT NOT NULL,
  project_id            TEXT NOT NULL,
  name                  TEXT NOT NULL,
  user_name             TEXT NOT NULL,
  spec_id               TEXT NOT NULL,
  phase                 TEXT NOT NULL,
  desired               TEXT NOT NULL,
  drained               INTEGER NOT NULL,
  fault                 TEXT,
  status                TEXT NOT NULL,
  validation            TEXT NOT NULL,
  network_results       TEXT NOT NULL,
  precheck              TEXT NOT NULL,
  skipped_items         TEXT NOT NULL,
  skip_reason           TEXT NOT NULL,
  start_position        TEXT NOT NULL,
  compare_at_end        INTEGER NOT NULL,
  plan                  BIGINT NOT NULL,
  epoch                 BIGINT NOT NULL,
  version               BIGINT NOT NULL,
  batch_order           BIGINT NOT NULL,
  create_millis         BIGINT NOT NULL,
  start_at_millis       BIGINT NOT NULL,
  started_millis        BIGINT NOT NULL,
  copy_started_millis   BIGINT NOT NULL,
  copy_ended_millis     BIGINT NOT NULL,
  stream_started_millis BIGINT NOT NULL,
  ended_millis          BIGINT NOT NULL,
  update_millis         BIGINT NOT NULL,
  -- what lists filter and sort on; taken from the spec
  name_key              TEXT NOT NULL,
  job_type              TEXT NOT NULL,
  engine_type           TEXT NOT NULL,
  net_type              TEXT NOT NULL,
  job_direction         TEXT NOT NULL,
  charging_mode         TEXT NOT NULL,
  enterprise_project_id TEXT NOT NULL,
  instance_ids          TEXT NOT NULL,
  addresses             TEXT NOT NULL
);
CREATE INDEX job_by_project ON job (project_id, job_type, create_millis);
CREATE INDEX job_by_batch ON job (batch_id, batch_order);
CREATE INDEX job_by_name ON job (project_id, name_key);
CREATE INDEX job_by_phase ON job (phase);

-- Apart from the job's state, which changes often while the spec is large and seldom changes.
CREATE TABLE job_spec (
  job_id  TEXT PRIMARY KEY,
  spec_id TEXT NOT NULL,
  spec    TEXT NOT NULL
);

-- class: 0 stream, 1 work, 2 short; each has slots of its own in a worker. rank: order of claiming within a class.
CREATE TABLE task (
  id            TEXT PRIMARY KEY,
  job_id        TEXT NOT NULL,
  kind          TEXT NOT NULL,
  class         INTEGER NOT NULL,
  rank          INTEGER NOT NULL,
  number        BIGINT NOT NULL,
  payload       TEXT NOT NULL,
  query_id      TEXT NOT NULL,
  state         TEXT NOT NULL,
  cancel        INTEGER NOT NULL,
  owner         TEXT NOT NULL,
  epoch         BIGINT NOT NULL,
  lease_until   BIGINT NOT NULL,
  not_before    BIGINT NOT NULL,
  create_millis BIGINT NOT NULL,
  claim_millis  BIGINT NOT NULL,
  attempts      INTEGER NOT NULL,
  deaths        INTEGER NOT NULL,
  place         TEXT NOT NULL,
  death_place   TEXT NOT NULL,
  error         TEXT NOT NULL,
  progress      TEXT NOT NULL
);
CREATE INDEX task_by_job ON task (job_id, number);
CREATE INDEX task_to_claim ON task (job_id, state, class, rank, number);
CREATE INDEX task_by_owner ON task (state, owner);
CREATE INDEX task_by_query ON task (query_id);

CREATE TABLE job_event (
  job_id    TEXT NOT NULL,
  number    BIGINT NOT NULL,
  millis    BIGINT NOT NULL,
  level     TEXT NOT NULL,
  message   TEXT NOT NULL,
  user_name TEXT NOT NULL,
  PRIMARY KEY (job_id, number)
);

CREATE TABLE query (
  id            TEXT PRIMARY KEY,
  job_id        TEXT NOT NULL,
  kind          TEXT NOT NULL,
  state         TEXT NOT NULL,
  result        TEXT NOT NULL,
  fault         TEXT,
  create_millis BIGINT NOT NULL
);
CREATE INDEX query_by_time ON query (create_millis);

CREATE TABLE job_table (
  job_id          TEXT NOT NULL,
  plan            BIGINT NOT NULL,
  source_database TEXT NOT NULL,
  source_table    TEXT NOT NULL,
  target_database TEXT NOT NULL,
  target_table    TEXT NOT NULL,
  estimated_rows  BIGINT NOT NULL,
  estimated_bytes BIGINT NOT NULL,
  rows_done       BIGINT NOT NULL,
  bytes_done      BIGINT NOT NULL,
  chunks          BIGINT NOT NULL,
  chunks_done     BIGINT NOT NULL,
  PRIMARY KEY (job_id, plan)
);

CREATE TABLE job_document (
  job_id TEXT NOT NULL,
  name   TEXT NOT NULL,
  text   TEXT NOT NULL,
  PRIMARY KEY (job_id, name)
);

-- Which job writes which target table; jobs that share a table by many2one may stand side by side.
CREATE TABLE target_table (
  name   TEXT NOT NULL,
  job_id TEXT NOT NULL,
  PRIMARY KEY (name, job_id)
);
CREATE INDEX target_table_by_job ON target_table (job_id);

CREATE TABLE comparison (
  id            TEXT PRIMARY KEY,
  job_id        TEXT NOT NULL,
  type          TEXT NOT NULL,
  state         TEXT NOT NULL,
  options       TEXT NOT NULL,
  error         TEXT NOT NULL,
  create_millis BIGINT NOT NULL,
  start_millis  BIGINT NOT NULL,
  end_millis    BIGINT NOT NULL
);
CREATE INDEX comparison_by_job ON comparison (job_id, create_millis);

CREATE TABLE compared_table (
  compare_id      TEXT NOT NULL,
  number          BIGINT NOT NULL,
  source_database TEXT NOT NULL,
  source_table    TEXT NOT NULL,
  target_database TEXT NOT NULL,
  target_table    TEXT NOT NULL,
  source_rows     BIGINT NOT NULL,
  target_rows     BIGINT NOT NULL,
  differences     BIGINT NOT NULL,
  result          TEXT NOT NULL,
  error           TEXT NOT NULL,
  listed          TEXT NOT NULL,
  PRIMARY KEY (compare_id, number)
);
