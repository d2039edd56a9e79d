"""What every page stands on: who asks, what they may, how a page is rendered, headers, forms, paging.

Nothing here knows a table: sessions are looked up by ``accounts``.
"""
