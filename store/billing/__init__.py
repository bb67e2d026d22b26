"""Queries about money: contacts, accounts, invoices, the ledger, payment links and payments."""
