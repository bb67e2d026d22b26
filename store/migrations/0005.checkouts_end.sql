-- A hosted page takes money only while its link may be paid: its end is known, so that a renewed link opens a new page and has the
-- old one cancelled. Alerts are raised once, which is looked up by their payment.
alter table payments add column checkout_expires_at text;
create index audit_by_subject on audit (subject, action);
