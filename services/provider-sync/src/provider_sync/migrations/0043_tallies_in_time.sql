-- Counts belong to an entry of the journal, so that an acknowledgement sums exactly what it seals.
ALTER TABLE tallies ADD COLUMN recorded_at timestamptz;
