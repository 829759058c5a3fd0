-- What the replay of a job met at the target that did not fit: a copy of the target's own notes (drs_ctl.conflict).
CREATE TABLE conflict (
  job_id         TEXT NOT NULL,
  number         BIGINT NOT NULL,
  millis         BIGINT NOT NULL,
  transaction_id TEXT NOT NULL,
  database_name  TEXT NOT NULL,
  table_name     TEXT NOT NULL,
  kind           TEXT NOT NULL,
  kept           BIGINT NOT NULL,
  gave_way       BIGINT NOT NULL,
  key_text       TEXT NOT NULL,
  before_image   TEXT NOT NULL,
  after_image    TEXT NOT NULL,
  detail         TEXT NOT NULL,
  PRIMARY KEY (job_id, number)
);
