-- A verification counts while the email or mobile that the code went to is still the contact's.
alter table conversations add column verified_kind text;
alter table conversations add column verified_value text;
update conversations set
    verified_kind = (
        select kind from challenges h
        where h.conversation = conversations.id and h.state = 'used' and h.contact = conversations.contact
        order by created_at desc limit 1
    ),
    verified_value = (
        select value from challenges h
        where h.conversation = conversations.id and h.state = 'used' and h.contact = conversations.contact
        order by created_at desc limit 1
    )
where contact is not null;
