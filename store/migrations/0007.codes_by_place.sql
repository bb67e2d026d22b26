-- Requests and failures are counted by place too, so that a stranger who uses up a limit does not stop the owner. `address`
-- is the keyed digest of the network address that asked; `browser` that of the session and the identifier together. In
-- attempts_log the detail of a code_failed row, before a challenge's id, is now the address; rows of the kind
-- address_failed are the same failures by address.
alter table challenges add column address text;
alter table challenges add column browser text;
-- A browser that once gave a right code for an identifier is known there.
create index challenges_answered on challenges (browser) where state = 'used';
