-- Letters are claimed by channel, so that one whose provider hangs holds up no other; and a claim reads as many rows as it
-- takes, however many wait.
drop index outbox_by_due;
create index outbox_by_due on outbox (state, channel, due_at);
