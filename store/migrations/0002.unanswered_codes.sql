-- A code that was answered rightly no longer counts against its identifier, so the index holds the others only: it is
-- read newest first without sorting, and stays as it is when a code is superseded.
drop index challenges_by_identifier;
create index challenges_unanswered on challenges (value, created_at) where state <> 'used';
