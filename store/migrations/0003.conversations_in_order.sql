-- A conversation's id follows time, so that what is written for those who talk just now lies together in every index.
-- Before, it was derived from the request that began the conversation; now that request stands beside it.
alter table conversations add column begun_by text;
update conversations set begun_by = (select client_id from messages where conversation = conversations.id and seq = 1);
drop index conversations_by_session;
create unique index conversations_by_request on conversations (session, begun_by);
