# Every sentence that customers read, in English. A company overrides any line from its own folder.

### Dialogue

# The country whose way of writing dates and amounts is used.
format-locale = en-GB

# When the team answers: completes "The team replies …".
team-hours = within one working day

# The menu
welcome = Hello. I can help you pay a bill, or pass a message to our team.
menu = What would you like to do?
signed-out = You’re signed out here. What was said about your account is hidden until you ask for a new code and type it.
choice-pay-bill = Pay my bill
choice-person = Talk to a person
choice-menu = Main menu
choice-sign-out = Sign out
choice-back = Go back

# What every state answers
help = I can show you what you owe, take you to a secure payment page, or pass a message to our team. You can also type “back” or “menu” at any time.
# The same where no gateway is on.
help-otherwise = I can show you what you owe and how to pay it, or pass a message to our team. You can also type “back” or “menu” at any time.
help-identifier = Type the email or mobile number that we have on your account, for example name@example.com. We’ll send a code there to check that it’s you.
help-code = The code has 6 digits. It can take a minute to arrive, and an email may be in your junk folder. You can ask for a new code, or use another email or mobile.
help-picking = Choose each invoice you want to pay. Choose it again to take it off. When you’re ready, choose the pay button.
help-paying = Your payment link opens a secure page where you choose how to pay. Once the payment goes through, I’ll confirm it here.
help-person = Write your message in your own words, in as many parts as you like. Type “send it” when it’s complete, and you’ll see it before it goes. The team replies { team-hours }.
not-understood = Sorry, I didn’t understand that.
stale-choice = That choice is no longer available.
card-typed = I removed a card number from your message. Please never type card details here. You enter them only on the secure payment page.
# The same where no gateway is on.
card-typed-otherwise = I removed a card number from your message. Please never type card details here.
out-of-scope = I can only help with bills and payments, or pass a message to our team.
greeting = Hello. How can I help?
thanks = You’re welcome.
goodbye = Thank you. You can come back to this chat at any time.
are-you-a-bot = I’m an automated assistant, not a person. I can help you pay a bill, or pass a message to our team.
payment-methods = The payment page shows every way you can pay. You see it before anything is paid.
# The same where no gateway is on.
payment-methods-otherwise = I can’t take payments in this chat. When I show you what you owe, I’ll also tell you how you can pay it.
change-language = This chat follows the language of the page it is on.

# Who is it?
identifier = To find your bill, please type the email or mobile number on your account.
identifier-email-only = To find your bill, please type the email on your account.
identifier-after-a-while = It’s been a while, so we need to check that it’s you. Please type the email or mobile number on your account.
identifier-missing = I couldn’t see an email or mobile number in that. Please type one, for example name@example.com.
identifier-landline = That number can’t receive texts. Please type a mobile number, or an email instead.
identifier-foreign = We can’t send texts to numbers in that country. Please type an email instead.
identifier-no-texts = We don’t send texts. Please type the email on your account.
identifier-bad-email = That email doesn’t look complete. It should look like name@example.com. Please type it again.
identifier-unsendable = We can’t send to an email with accents or other special letters before the @. Please type another one.
identifier-bad-number = That number doesn’t look complete. Please type the whole mobile number, or an email instead.
which-identifier = Which one is on your account?
which-did-you-mean = Please check the spelling. Which one is right?
choice-identifier = { $value }

# The code. The words are the same whether or not anybody is known.
code = Please type the 6-digit code we sent.
code-sent-email = We’ve sent a 6-digit code to { $value }, if that address is on an account. It works for { $life }. Please type it here.
code-sent-mobile = We’ve sent a 6-digit code to { $value }, if that number is on an account. It works for { $life }. Please type it here.
code-sent-again = We’ve sent a new code to { $value }, if that is on an account. Earlier codes no longer work. Please type the new one.
code-sent-again-after-a-while = It’s been a while, so we need to check that it’s you. We’ve sent a new 6-digit code to { $value }. Please type it here.
code-wait = Please wait { $wait } before you ask for another code. If you have the newest code, you can type it now.
code-not-sent = We can’t send a code to { $value } at the moment. Please try again in { $wait }, or use another email or mobile number.
code-wrong = That code isn’t right. Please check it and type it again, or ask for a new one.
code-superseded = That’s an earlier code. A newer one was sent after it. Please type the newest one, or ask for another.
code-expired = That code no longer works. Please ask for a new one.
code-used-up = That code can’t be used any more. Please ask for a new one, or use another email or mobile number.
code-misshapen = The code has 6 digits. Please type all of them.
choice-resend = Send a new code
choice-other-identifier = Use another email or mobile

# Which account?
which-account = Which account is this about?
no-account = There’s no account for that email or mobile number any more. You can type another one, or talk to a person.
choice-account-owing = { $name }, { $number }: { $amount } to pay
choice-account = { $name }, { $number }: nothing to pay
choice-see-accounts = See my accounts
choice-other-account = Another account

# What is owed
balance-owed =
    You owe { $amount } on account { $account }.
    { $invoices }
balance-owed-beside-pending =
    A payment of { $pending } is already on its way, so please don’t pay that again. There is { $amount } more to pay on account { $account }.
    { $invoices }
balance-pending = A payment of { $pending } for account { $account } is already on its way. There’s nothing more to pay.
balance-credit = Your account { $account } is { $credit } in credit. There’s nothing to pay.
balance-nothing = There’s nothing to pay on account { $account }.
debit-planned = You pay account { $account } by direct debit. We’ll collect { $amount } on { $date }. There’s nothing you need to do.
debit-in-place = You pay account { $account } by direct debit, so your bills are collected automatically. No collection is planned yet, and there’s nothing you need to do.
debit-and-overdue =
    You pay by direct debit, but { $amount } is past its due date and may not be collected automatically. You can pay it now.
    { $invoices }
# The same where no gateway is on.
debit-and-overdue-otherwise =
    You pay by direct debit, but { $amount } is past its due date and may not be collected automatically.
    { $invoices }
# Where no gateway is on: the company's words from its configuration, or that there are none.
other-ways =
    You can’t pay in this chat. This is how you can pay:
    { $ways }
other-ways-unknown = You can’t pay in this chat. Leave our team a message, and they will tell you how to pay.
invoice-line = Invoice { $number }: { $amount }, due on { $date }
invoice-line-overdue = Invoice { $number }: { $amount }, was due on { $date }
invoice-more =
    { $count ->
        [one] And one more invoice.
       *[other] And { $count } more invoices.
    }
owes = You can pay now, or come back to this later.
anything-else = Is there anything else?
choice-pay-amount = Pay { $amount }
choice-pay-all = Pay what I owe
choice-pay-overdue = Pay what is overdue
choice-pick = Choose invoices
choice-see-balance = Back to what I owe

# Picking invoices
picking = Which invoices would you like to pay?
picking-none = Choose the invoices you want to pay, one at a time.
picking-some =
    { $count ->
        [one] One invoice chosen: { $amount }. Choose more, or pay now.
       *[other] { $count } invoices chosen: { $amount }. Choose more, or pay now.
    }
choice-invoice = { $number }: { $amount }, due on { $date }
choice-picked = Chosen: { $number }, { $amount }
choice-see-invoices = See my invoices
choice-pay-picked = Pay the chosen invoices

# The payment link
link =
    Here is your secure payment link for { $amount }. It works until { $expires }, and I’ll confirm here once the payment goes through.
    { $url }
paying = Once your payment goes through, I’ll confirm it here.
link-expired = Your payment link for { $amount } has expired. Nothing was taken. You can ask for a new one.
choice-new-link = Send a new link

# What becomes of a payment
payment-completed = Thank you. We’ve received your payment of { $amount } on { $at }. Your reference is { $reference }.
payment-completed-some-left = Thank you. We’ve received your payment of { $amount } on { $at }. Your reference is { $reference }. There is { $left } left to pay.
payment-credit = { $credit } of that is more than you owed, because it had been paid already. It stays on your account as credit and goes towards your next bills. If you’d rather have it back, talk to a person.
payment-credit-unverified = Some of that is more than you owed, because it had been paid already. It stays on your account as credit and goes towards your next bills. If you’d rather have it back, talk to a person.
payment-reinstated = I told you that this payment of { $amount } had come back to us. It has arrived after all, so it counts again.
payment-failed = Your payment of { $amount } was declined and nothing was taken. Your link still works, so you can try again or pay another way.
payment-pending = Your payment of { $amount } is being confirmed. Please don’t pay again. I’ll tell you here when it’s done.
payment-abandoned = You left the payment page before paying { $amount }. Nothing was taken. Your link still works.
payment-reversed = Your payment of { $amount } came back to us unpaid, so that amount is owed again.
receipt-sent = We’re sending a copy of your receipt to your email.
receipt-impossible = We don’t have an email for you, so we can’t send a copy. Your receipt stays in this chat.
receipt-none = There’s no receipt in this chat yet.
choice-email-receipt = Email me a copy
choice-what-is-left = See what is left to pay

# Talk to a person
person-away = Nobody is here to chat right now. Leave a message and the team will reply { team-hours }. What would you like to tell them?
person-message = What would you like to tell the team?
person-message-added = I’ve added that. You can type more. When that’s everything, you’ll see the whole message before it goes to the team.
person-message-more = You can add more to your message. When that’s everything, you’ll see it before it goes to the team.
person-message-full = Your message is as long as one can be, so I left that last part out. Please send this one, and then write another.
person-nothing-to-send = There’s nothing to send yet. What would you like to tell the team?
person-not-sent = Your message was not sent.
person-review =
    This is what the team will get:

    { $message }

    They’ll reply to { $value }. Shall I send it?
person-review-known =
    This is what the team will get:

    { $message }

    They’ll reply to the email or mobile number that you gave the code for. Shall I send it?
choice-message-done = That’s everything
choice-send-message = Send it
choice-add-more = Add more
choice-other-reply = Change where to reply
choice-discard-message = Don’t send it
person-reach = Where can we reply? Please type your email or phone number.
person-reach-missing = I couldn’t see an email or phone number in that. Please type one, for example name@example.com.
person-bad-number = That number doesn’t look complete. Please type the whole phone number, or an email instead.
person-message-left = Thank you. Your message is with the team. They reply { team-hours }.
person-message-refused = We couldn’t pass this one on: the team already has several messages from here. Please send it again in { $wait }.

### Service

# What the customer may begin with.
action-pay-bill = Pay my bill
action-person = Talk to a person

# What an earlier conversation is called in the list.
title-menu = Getting started
title-pay-bill = Pay my bill
title-person = Message to the team

# Answers to requests that could not be taken.
error-bad-request = That could not be read. Please try again.
error-too-long = That message is too long. Please keep it under 2,000 characters.
error-unknown-event = This chat page may be out of date. Please reload it.
error-not-found = We could not find that conversation. Please start a new one.
message-hidden = Hidden for your security. To go on, type “pay my bill”.
error-conflict = That message was already sent with other words. Please send it again.
error-closed = This conversation has ended. Please start a new one.
error-slow-down = That was a little fast for us. Please wait a few seconds and try again.
error-unavailable = Something on our side did not work, and nothing was changed. Please try again in a moment.

### Letters

# The text with the code. Without accents or typographic signs it stays one message: 160 characters with its last line.
letter-code-sms = { $brand } code: { $code }. Type it only in the chat you started. Never text or read it to anyone.
# The same where the company's name and address are long.
letter-code-sms-short = { $brand } code: { $code }. Only for the chat you started. Never share it.

letter-code-subject = Your { $brand } code
letter-code-intro = Here is the code you asked for in our chat:
letter-code-advice = Type it only in the chat you started. Never text or read it to anyone. We will never ask you to.
letter-code-life = It works once, and for { $minutes } from when you asked for it.
letter-code-not-you = Didn’t ask for a code? Then there is nothing to do. Nobody can see your account without it.

letter-receipt-subject = Your receipt from { $brand }: { $amount }
letter-receipt-intro = Thank you. We have received your payment.
letter-receipt-label-reference = Reference
letter-receipt-label-paid = Paid on
letter-receipt-label-account = Account
letter-receipt-when = { $day }, { $time }
letter-receipt-invoice = Invoice { $number }
letter-receipt-on-account = Kept as credit on your account
letter-receipt-keep = Please keep this email as your receipt.
letter-receipt-preview = Receipt { $reference }

# What the company's own team reads.
letter-team-subject = A customer left you a message
letter-team-intro = A customer wrote this in the chat:
letter-team-reply-to = Reply to: { $who }
letter-team-nobody = They did not say how to reach them.
letter-team-proven = They gave a right code for an account of { $name }.
letter-team-unproven = They have not proved who they are, so please say nothing about an account yet.
letter-team-received = Received: { $at }
letter-team-reference = Conversation: { $reference }

### Pages

# The payment page: what it asks for.
page-pay-title = Pay { $brand }
page-pay-to = You’re paying { $brand }
page-pay-until = This page works until { $until }.
page-invoices =
    { $count ->
        [one] What it’s for: one invoice
       *[other] What it’s for: { $count } invoices
    }
page-invoice = Invoice { $number }
page-invoice-due = Due on { $date }
page-other-charges = Other charges on your account
page-methods = How would you like to pay?
page-pay = Pay { $amount }
page-pay-with = Pay { $amount } with { $method }
page-card-safe = You give your card or bank details on { $method }’s own secure page. We never see them.
page-card-safe-any = You give your card or bank details on the payment provider’s own secure page. We never see them.
page-method-sandbox = For trying things out. No money moves.
page-no-methods-title = You can’t pay here just now
page-no-methods-text = Nothing was taken. Please try again later, or ask in the chat for another way to pay.

# What became of the payment.
page-paid-title = Paid. Thank you
page-paid-text = You can close this page. Your receipt is in the chat.
page-receipt = Receipt
page-paid-on = Paid on
page-paid-to = Paid to
page-moment = { $at }
page-confirming-title = We’re waiting for confirmation
page-confirming-text = Your payment is on its way, and we’re waiting to hear that it arrived. Please don’t pay again.
page-confirming-close = You can close this page. The chat will tell you as soon as we know.
page-confirming-looking = This page looks again every few seconds.
page-confirming-still = Stop looking by itself
page-confirming-look = Look again now
page-confirming-unpaid = I haven’t paid yet
page-declined-title = The payment was declined
page-declined-text = Nothing was taken. You can try again, or pay another way. Your bank can tell you why it said no.
page-closed-title = You haven’t paid yet
page-closed-text = Nothing was taken. You can go on to the payment whenever you’re ready.
page-expired-title = This link has expired
page-expired-text = Nothing was taken. Go back to the chat and ask for a new link.
page-revoked-title = There’s a newer link
page-revoked-text = Nothing was taken here. Please use the newest link in the chat.
page-changed-title = The amount has changed
page-changed-text = Less is owed now than this link asks for, so nothing was taken. Go back to the chat and ask for a new link.
page-debited-title = Your direct debit collects this
page-debited-text = Nothing was taken here, and there’s nothing you need to do. The chat shows what is collected, and when.
page-settled-title = This is already paid
page-settled-text = There’s nothing left to pay here. You can close this page.
page-returned-title = This payment came back
page-returned-text = The money was returned, so the amount is owed again. Go back to the chat and ask for a new link.
page-unreachable-title = We couldn’t reach { $method }
page-unreachable-text = Nothing was taken. Please wait a moment and try again.
page-unknown-title = We don’t know this link
page-unknown-text = It may have been cut short on its way to you. Open it again from the chat, or ask there for a new one.
page-try-again = Try again
page-back-to-payment = Back to the payment

# The sandbox, a payment provider that is only pretended.
page-sandbox-title = Sandbox checkout
page-sandbox-banner = This is a sandbox: no money moves.
page-sandbox-about = It stands where a real payment provider’s page would be. Choose how the payment should end.
page-sandbox-pay = Pay { $merchant }
page-sandbox-approve = Approve the payment
page-sandbox-decline = Decline it
page-sandbox-later = Approve it { $wait } later
page-sandbox-close = Close without paying
page-sandbox-finished = This checkout is finished.
page-sandbox-back = Back to { $merchant }

### Widget

# The chat panel. The page gives these to the panel as they stand, so a value is always a plain { $name }.
# Home
widget-greeting =
    Hello.
    How can we help?
widget-connecting = One moment
widget-people-here = People from our team are here now
widget-people-away = Our assistant is here day and night
widget-conversations = Your conversations
widget-new-conversation = New conversation
widget-pay-my-bill = Pay my bill
widget-ask-else = Ask something else
widget-unread = unread
# Who a conversation is with
widget-with-assistant = { $name } assistant
widget-with-queue = Waiting for a person
widget-with-agent = With our team
widget-with-name = You are talking with { $name }
widget-with-closed = Closed
# Getting about
widget-back = Back to the start
widget-close = Close chat
widget-try-again = Try again
# Messages
widget-messages = Messages
widget-you = You
widget-says = { $name }: { $text }
widget-typing = { $name } is writing
widget-choices = Choose an answer
widget-today = Today
widget-yesterday = Yesterday
widget-new-messages = New messages
widget-to-newest = Go to the newest
widget-new-tab = (opens in a new tab)
widget-sending = Sending
widget-sent = Sent
widget-failed = Not sent. Try again
widget-offline = We can’t reach the chat just now. Trying again.
widget-back-online = You’re connected again.
widget-start-failed = This didn’t reach us. Nothing is lost: check your connection and try again.
widget-closed = This conversation is closed.
widget-start-new = Start a new conversation
# Answering
widget-send = Send
widget-field-text = Your message
widget-write-text = Write a message
widget-field-identifier = Your email address or mobile number
widget-write-identifier = Email or mobile number
widget-field-amount = The amount you want to pay
widget-write-amount = Amount
widget-field-code = 6-digit code
widget-code-hint = Type it only here. Nobody from our team will ever ask you for it.
widget-write-instead = Write a message instead
widget-enter-code = Enter the code
widget-characters-left = Characters left: { $count }
# Cards
widget-balance-owed = To pay
widget-balance-credit = In credit
widget-balance-clear = Nothing to pay
widget-invoice = Invoice { $number }
widget-due = Due { $date }
widget-overdue = Overdue
widget-debit = Direct debit
widget-debit-next = Will be collected on { $date }
widget-debit-none = No collection is planned yet
widget-debit-nothing-to-do = Nothing for you to do
widget-link = Payment link
widget-link-pay = Pay { $amount }
widget-link-where = Opens { $host } in a new tab.
widget-link-until = You can use this link until { $moment }.
widget-link-expired = This link has expired. Ask here for a new one.
widget-link-confirming = This payment is being confirmed. Please don’t pay again.
widget-link-returned = This payment came back. Ask here for a new link.
widget-link-paid = Paid
widget-receipt = Payment received
widget-receipt-reference = Reference
widget-receipt-paid-at = Paid
