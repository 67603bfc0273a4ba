"""THE LETTERS: what the house tells people who are not looking at a page: mails, and notices to a webhook.

The outbox is a table of what is owed (`oauth/delivery.py`); `box.py` empties it. The words are the pages'
(`web_verify/mail_words.py`). A mail never has a link that approves something.
"""
