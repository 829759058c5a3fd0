-- Behind a switchover of disaster recovery a job replicates the other way round.
ALTER TABLE job ADD COLUMN reversed INTEGER NOT NULL DEFAULT 0;
