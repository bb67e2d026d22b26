-- Everything Billchat remembers. Portable between SQLite and PostgreSQL:
-- ids are made by the program, money is bigint minor units beside a currency code, times are ISO 8601 UTC text of
-- one fixed width (2026-11-23T09:30:00.000Z, so text order is time order), dates are YYYY-MM-DD, JSON is text.

-- ── who the company bills ───────────────────────────────────────────────────────────────────────────────────
create table contacts (
    id text primary key,
    reference text unique,                  -- the customer's number in the company's own systems
    name text not null,
    locale text,
    created_at text not null
);
-- An email (lower case) or mobile (E.164) that a contact can be recognised by.
create table identifiers (
    kind text not null,                     -- email | mobile
    value text not null,
    contact text not null references contacts (id),
    primary key (kind, value)
);
create index identifiers_by_contact on identifiers (contact);

create table accounts (
    id text primary key,
    number text not null unique,            -- what the customer sees
    name text not null,                     -- what is billed: "Home broadband, 4 Mill Lane"
    currency text not null,
    created_at text not null
);
create table account_contacts (
    account text not null references accounts (id),
    contact text not null references contacts (id),
    primary key (contact, account)
);
create index account_contacts_by_account on account_contacts (account);

create table invoices (
    id text primary key,
    account text not null references accounts (id),
    number text not null unique,
    issued_on text not null,
    due_on text not null,
    currency text not null,
    total_minor bigint not null,
    state text not null                     -- open | in_progress | paid | cancelled
);
create index invoices_by_account on invoices (account, state, due_on);
create table invoice_lines (
    invoice text not null references invoices (id),
    position integer not null,
    description text not null,
    amount_minor bigint not null,
    primary key (invoice, position)
);

-- The ledger: append-only, signed (what the customer owes is positive). A balance is the sum of its entries.
-- `source` names what caused the entry, so that booking the same thing twice is refused by the database.
create table entries (
    id text primary key,
    account text not null references accounts (id),
    kind text not null,                     -- invoice | payment | refund | chargeback | credit | fee
    amount_minor bigint not null,
    currency text not null,
    invoice text references invoices (id),
    payment text,
    source text not null,
    booked_at text not null,
    unique (kind, source)
);
create index entries_by_account on entries (account, amount_minor); -- a balance reads the index alone
create index entries_by_invoice on entries (invoice);
create index entries_by_payment on entries (payment);

create table mandates (
    id text primary key,
    account text not null references accounts (id),
    reference text not null unique,
    state text not null,                    -- pending | active | cancelled | failed
    next_on text,
    next_minor bigint,
    currency text not null
);
create index mandates_by_account on mandates (account, state);

-- ── conversations ───────────────────────────────────────────────────────────────────────────────────────────
create table sessions (
    id text primary key,                    -- the hash of the browser's token; the token itself is never stored
    locale text not null,
    created_at text not null,
    seen_at text not null
);
create table conversations (
    id text primary key,
    session text not null references sessions (id),
    channel text not null,                  -- web | talk | sms
    locale text not null,
    state text not null,                    -- a state of the dialogue's table, e.g. pay_bill.code
    facts text not null,                    -- JSON: what the dialogue has learnt
    offered text not null,                  -- JSON: the choices of the newest message
    held_by text not null,                  -- bot | queue | agent | closed
    agent text,
    last_seq integer not null,
    seen_seq integer not null,              -- how far the customer has read
    preview text not null,
    contact text references contacts (id),  -- who a right code proved the customer to be
    verified_at text,
    active_at text,                         -- last turn while verified: 15 idle minutes end it
    started_at text not null,
    updated_at text not null
);
-- Without the time, which changes with every turn: a session has few conversations, and they are sorted when listed.
create index conversations_by_session on conversations (session);
create table messages (
    conversation text not null references conversations (id),
    seq integer not null,
    turn integer not null,                  -- the first seq of the turn that wrote it
    author text not null,                   -- customer | bot | agent | system
    name text,
    at text not null,
    text text not null,
    extra text,                             -- JSON: choices, expects, card
    client_id text,                         -- the client's id for the request; on the turn's first message only
    digest text,                            -- keyed digest of the request's body, to tell a resend from a conflict
    primary key (conversation, seq)
);
create unique index messages_by_client_id on messages (conversation, client_id) where client_id is not null;

-- ── one-time codes ──────────────────────────────────────────────────────────────────────────────────────────
-- No code is stored: it is derived from the challenge's id with a key that lives outside the database.
create table challenges (
    id text primary key,
    conversation text not null references conversations (id),
    origin text not null,                   -- web | talk | sms
    kind text not null,
    value text not null,                    -- the identifier that was typed, known or not
    contact text references contacts (id),  -- null when nobody has that identifier: no code can be right
    tries integer not null,
    state text not null,                    -- live | used | superseded | burnt
    created_at text not null,
    expires_at text not null
);
create index challenges_by_conversation on challenges (conversation, created_at);
create index challenges_by_identifier on challenges (value, state, created_at);
-- Failures and requests per identifier or address, across conversations. Only a right code clears failures.
create table attempts_log (
    id text primary key,
    kind text not null,                     -- code_failed | identifier_tried
    subject text not null,                  -- the identifier, or the network address
    detail text not null,
    at text not null
);
create index attempts_log_by_subject on attempts_log (kind, subject, at);

-- ── paying ──────────────────────────────────────────────────────────────────────────────────────────────────
create table payment_links (
    id text primary key,                    -- 256 random bits; the address's token is derived from it with a key
    token_hash text not null unique,
    conversation text references conversations (id),
    account text not null references accounts (id),
    contact text references contacts (id),
    currency text not null,
    amount_minor bigint not null,
    state text not null,                    -- open | paid | revoked | expired
    created_at text not null,
    expires_at text not null
);
create index payment_links_by_account on payment_links (account, state);
create index payment_links_by_expiry on payment_links (state, expires_at);
create index payment_links_by_conversation on payment_links (conversation);
create table payment_link_invoices (
    link text not null references payment_links (id),
    invoice text not null references invoices (id),
    amount_minor bigint not null,
    primary key (link, invoice)
);
create index payment_link_invoices_by_invoice on payment_link_invoices (invoice);
-- One hand-off to a gateway. Its id is the gateway's reference, its metadata and its idempotency key.
create table payments (
    id text primary key,                    -- alphanumeric, at most 40 characters
    link text references payment_links (id),
    account text not null references accounts (id),
    gateway text not null,
    gateway_session text,                   -- the hosted checkout at the gateway
    gateway_payment text,                   -- the gateway's id for the money itself
    checkout_url text,
    state text not null,                    -- created | pending | completed | failed | cancelled | refunded
    amount_minor bigint not null,
    currency text not null,
    receipt text unique,                    -- receipt number, given when completed
    created_at text not null,
    completed_at text,
    next_check_at text,                     -- when the poller asks the gateway again
    checks integer not null
);
create index payments_by_account on payments (account, state);
create index payments_by_link on payments (link);
create index payments_by_check on payments (next_check_at);
create table allocations (
    payment text not null references payments (id),
    invoice text not null references invoices (id),
    amount_minor bigint not null,
    primary key (payment, invoice)
);
create index allocations_by_invoice on allocations (invoice);
-- What gateways told us, once per (gateway, key), the ones we could not place included.
create table gateway_events (
    gateway text not null,
    key text not null,
    payment text,
    outcome text not null,
    received_at text not null,
    primary key (gateway, key)
);

-- ── the outbox: everything that leaves by email or text ─────────────────────────────────────────────────────
create table outbox (
    id text primary key,
    channel text not null,                  -- email | sms | none (the same work for an unknown identifier)
    recipient text not null,
    kind text not null,                     -- code | receipt | message_for_team | ...
    locale text not null,
    args text not null,                     -- JSON; never a code or a token
    state text not null,                    -- waiting | sending | sent | failed | dropped
    tries integer not null,
    due_at text not null,
    claimed_until text,
    expires_at text,                        -- not sent after this
    provider_id text,
    error text,
    created_at text not null,
    sent_at text
);
create index outbox_by_due on outbox (state, due_at);

-- ── the company's people ────────────────────────────────────────────────────────────────────────────────────
create table agents (
    id text primary key,
    email text not null unique,
    name text not null,
    password_hash text not null,
    totp_secret text,
    state text not null,                    -- active | suspended
    created_at text not null
);
create table audit (
    id text primary key,
    at text not null,
    actor text not null,
    action text not null,
    subject text not null,
    detail text not null
);
