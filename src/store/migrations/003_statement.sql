-- The statements of the log that the replay of a job has met: a copy of the target's own notes (drs_ctl.ddl).
CREATE TABLE statement (
  job_id           TEXT NOT NULL,
  number           BIGINT NOT NULL,
  transaction_id   TEXT NOT NULL,
  position_text    TEXT NOT NULL,
  committed_millis BIGINT NOT NULL,
  recorded_millis  BIGINT NOT NULL,
  kind             TEXT NOT NULL,
  state            TEXT NOT NULL,
  sql_text         TEXT NOT NULL,
  fingerprint      TEXT NOT NULL,
  reason           TEXT NOT NULL,
  cleaned_millis   BIGINT NOT NULL,
  PRIMARY KEY (job_id, number)
);
