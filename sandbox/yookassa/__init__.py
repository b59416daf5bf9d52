"""YooKassa API v3 as its documentation and its logs show it, with every oddity a client must live with."""
