-- What the margin rates' foreign key points at: a rate is for the class that its instrument really has.
CREATE UNIQUE INDEX CONCURRENTLY instruments_id_esma_class_uniq ON instruments (id, esma_class);
