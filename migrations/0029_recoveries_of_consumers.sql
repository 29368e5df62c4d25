-- The recoveries of a consumer were found by reading those of the whole project, and the jobs to remove by reading all.
CREATE INDEX bulk_jobs_consumer ON bulk_jobs (project_id, consumer, id) WHERE consumer IS NOT NULL;
CREATE INDEX bulk_jobs_ended ON bulk_jobs (ended_at) WHERE ended_at IS NOT NULL;
