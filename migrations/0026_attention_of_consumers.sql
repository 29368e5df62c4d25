-- What needs the attention of a consumer, without reading what needs that of others. As deliveries_attention, it names no
-- column that recording changes but the generated one, so that recording a delivered delivery remains a HOT update.

CREATE INDEX deliveries_attention_of_consumer ON deliveries (project_id, consumer, id)
  WHERE needs_attention AND consumer IS NOT NULL;
