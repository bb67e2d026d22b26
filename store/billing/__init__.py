"""Queries about money: customers, accounts, invoices, the ledger, payment links and payments."""
