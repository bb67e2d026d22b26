-- A session ends: after a time, and when a code proves somebody, whose browser then gets another token.
alter table sessions add column replaces text;      -- the session that this one took over from
alter table sessions add column browser text;       -- the browser's first session, if this is a later one
alter table sessions add column request text;       -- the client's id of the request with the right code
alter table sessions add column replaced_at text;   -- another session took over
alter table sessions add column signed_out_at text; -- codes that were right before count no longer
create index sessions_replaced on sessions (replaced_at, id) where replaced_at is not null;
-- Messages up to private_seq are read by private_to while verified, those up to private_after by nobody.
alter table conversations add column private_to text;
alter table conversations add column private_after integer not null default 0;
alter table conversations add column private_seq integer not null default 0;
update conversations set private_to = contact, private_seq = last_seq
where contact is not null
    or exists (select 1 from challenges where conversation = conversations.id and challenges.state = 'used');
